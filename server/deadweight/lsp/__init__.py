"""The language server: pygls, protocol types, open documents."""
