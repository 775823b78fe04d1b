"""A small checkpoint file, and the command that converts it."""

from mindreid.cli import main


def convert(source, path, output, *options):
    return main(["convert", "--source", source, "--input", str(path), "--output", str(output), *options])


def save_small(folder, state, **options):
    import torch

    torch.save(state, folder / "small.pth", **options)
    return folder / "small.pth"
