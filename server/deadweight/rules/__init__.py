"""One file a rule: its page, its check, its fixes. `catalog.py` lists them."""
