"""Persons: bodies, gaits and clothes, and the pieces that are drawn of them."""
