"""Importing this makes the toy methods known; for processes of their own."""

from tests.engine import toy_methods

toy_methods.register()
