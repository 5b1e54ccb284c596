"""Completion in a Dockerfile: what may be typed at the cursor, with what it weighs; a file for each kind of place."""
