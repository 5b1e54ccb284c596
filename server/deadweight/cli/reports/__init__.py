"""The formats of `deadweight check`, one file each; catalog.py finds them."""
