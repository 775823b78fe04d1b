"""Deployment: a checkpoint becomes a MindIR or ONNX file that embeds and ranks images.

``exporter`` writes and verifies the file, with normalisation inside; ``runtimes`` opens it with
MindSpore Lite, MindSpore or ONNX Runtime; ``inference`` embeds folders and lists of images, and
``gallery_search`` ranks them. ``trained_model`` embeds pictures with a checkpoint, without a file.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    embedding_folder=["Embedded", "is_embedded", "read_embedded"],
    exported_model=["ExportedModel", "describe_exported"],
    exporter=["export_checkpoint", "export_network", "verify_export"],
    gallery_search=["search", "write_ranking"],
    inference=["embed_files"],
    input_listing=["Unreadable", "list_inputs"],
    runtimes=["Runtime", "open_runtime"],
    trained_model=["TrainedModel", "load_model"],
)
