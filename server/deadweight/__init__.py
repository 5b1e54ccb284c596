"""Deadweight: what every line of a Dockerfile weighs, and fixes that take the dead weight off."""

__version__ = "0.1.0"
