"""One module or room per command: each adds its own parser and imports what it runs only when it runs."""
