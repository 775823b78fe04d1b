"""The recipes, shipped with the package; found by name, e.g. ``mgn/market1501``."""
