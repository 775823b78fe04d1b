"""Training, evaluation, export, checkpoints: everything that drives a model without knowing it."""
