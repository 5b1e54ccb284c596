"""What an editor shows, as plain data: a snapshot in, spans and words out. Nothing here knows the protocol."""
