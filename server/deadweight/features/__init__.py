"""What an editor shows: a snapshot in, plain data out."""
