"""What the exported network of the tests is: one trunk, whose graph is compiled soonest."""

from mindreid.config import InputConfig

MODEL = "ide"
INPUT = InputConfig(height=96, width=32)
OPTIONS = {"trunk": "resnet18", "width": 0.125}
