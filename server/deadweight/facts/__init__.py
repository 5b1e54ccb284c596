"""Figures that ship with the package, each with its source and date, and typed look-ups for them."""
