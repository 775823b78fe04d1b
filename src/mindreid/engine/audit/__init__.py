"""Audit: what the compiled graphs of a recipe ask of a platform, told without a device of that kind.

``compiled_graphs`` compiles a recipe's training step and its deployed network and lists their operators;
``platform_support`` knows what MindSpore says of each on a platform; ``platform_audit`` puts the two
together.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    compiled_graphs=["compile_graphs"],
    graph_operators=["Operator", "read_operators"],
    platform_audit=["Finding", "audit_recipe"],
    platform_support=["PlatformSupport"],
)
