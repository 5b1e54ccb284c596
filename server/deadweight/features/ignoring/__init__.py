"""What an editor shows in a .dockerignore, one file a feature."""
