"""Files of a project that say how its Dockerfiles are built, read from text: one file a format, and what they give."""
