"""Runs the rules: what is reported how loudly, whether a fix keeps its word, and fix-all."""
