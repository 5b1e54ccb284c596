"""The language server: the only package that knows the protocol, UTF-16 and URIs."""
