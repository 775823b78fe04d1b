"""Checkpoints: files that are whole or absent, and the networks that they fill.

``checkpoint_files`` writes weights with a description, and states to resume from; ``networks``
builds the network of a recipe or of a checkpoint; ``imagenet`` fills trunks from ImageNet weights and
``conversion`` turns authors' PyTorch files into checkpoints.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    checkpoint_files=[
        "Description",
        "load_state",
        "load_weights",
        "read_description",
        "save_state",
        "save_weights",
    ],
    conversion=["format_conversion", "read_recording", "save_converted", "verify_converted"],
    imagenet=["load_pretrained", "save_trunk_weights"],
    networks=["build_network", "build_started_network", "load_network"],
)
