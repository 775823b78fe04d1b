"""The machine below a run: device, memory, several workers, console and log file.

What differs between CPU, GPU and Ascend, or between one process and many, is decided here, in one
place each; ``launcher`` starts the processes of one run.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    batch_norm=["share_batch_statistics"],
    device=["Device", "select_device"],
    distributed=["Workers", "join_workers"],
    logs=["log_to_console", "log_to_file"],
    memory=["memory_errors_explained"],
)
