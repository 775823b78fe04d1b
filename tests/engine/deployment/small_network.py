"""What the exported network of the tests is."""

from mindreid.config import InputConfig

INPUT = InputConfig(height=96, width=32)
OPTIONS = {"trunk": "resnet18", "width": 0.125}
