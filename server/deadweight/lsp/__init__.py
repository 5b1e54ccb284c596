"""The language server: the only package that knows the protocol, UTF-16 and URIs."""

from deadweight.lsp.lazy_types import import_types

import_types()  # before any module of this package imports pygls, and with it all of lsprotocol
