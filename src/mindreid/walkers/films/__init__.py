"""Videos of places that many persons pass before several cameras."""
