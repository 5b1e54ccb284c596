"""Lossless trees out of text: parsing never fails, and joining a tree's pieces gives the text back."""
