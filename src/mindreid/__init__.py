"""MindReID: person re-identification for MindSpore, above all after a change of clothes."""

from mindreid.zoo import create_model, list_models, load_dataset

__all__ = ["__version__", "create_model", "list_models", "load_dataset"]

__version__ = "0.1.0"
