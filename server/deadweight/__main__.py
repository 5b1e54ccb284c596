"""`python -m deadweight` is `deadweight`."""

from __future__ import annotations

import sys

from deadweight.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
