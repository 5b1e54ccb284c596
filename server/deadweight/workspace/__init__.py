"""The only package that reads the user's disk; it gives plain data upwards."""
