"""One file a tool: reads a call of a shell command and says its effects. `catalog.py` lists them."""
