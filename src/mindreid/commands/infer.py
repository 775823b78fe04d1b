"""``mindreid infer``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from mindreid.commands.arguments import positive_integer, say

if TYPE_CHECKING:
    from mindreid.engine.deployment.embedding_folder import Embedded
    from mindreid.engine.deployment.exported_model import ExportedModel
    from mindreid.engine.deployment.runtimes import Runtime

#: Names of the runtimes; spelled out, for their module is not needed to explain the command.
RUNTIMES = ("MindSpore Lite", "MindSpore", "ONNX Runtime")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "infer", help="embed images or gait sequences with an exported file, and rank a gallery"
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FILE.mindir|FILE.onnx",
        help="what `mindreid export` wrote, with the .json beside it",
    )  # fmt: skip
    parser.add_argument(
        "--converted-from", type=Path, metavar="FILE.mindir",
        help="the exported file that converter_lite made --model of, with its .json (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--input", type=Path, required=True, metavar="DIR|LIST",
        help="a folder of images (gait: .pkl) with those below it, or a text file with a path per line",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR",
        help="for embeddings.npy and index.csv; of an earlier run on the same input: only what is new "
        "or has changed is embedded",
    )  # fmt: skip
    parser.add_argument(
        "--gallery", type=Path, metavar="DIR|LIST",
        help="images, or the output of an earlier run with this model: write ranking.csv (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--keypoints", type=Path, metavar="FILE.csv",
        help="for networks that take them: a table of the images in --input, by `mindreid data keypoints`",
    )  # fmt: skip
    parser.add_argument(
        "--gallery-keypoints", type=Path, metavar="FILE.csv", help="the same for the images in --gallery"
    )
    parser.add_argument(
        "--top", type=positive_integer, default=10,
        help="gallery images per query in ranking.csv (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--batch-size",
        type=positive_integer,
        default=32,
        help="images per pass, unless the model's is fixed (default: 32)",
    )
    parser.add_argument(
        "--reader-threads", "--workers", type=positive_integer, default=4,
        help="threads that read images (default: 4)",
    )  # fmt: skip
    parser.add_argument(
        "--runtime", choices=RUNTIMES,
        help="take no other (default: the first of these that is installed and runs such files)",
    )  # fmt: skip
    parser.add_argument(
        "--skip-unreadable", action="store_true",
        help="list files that can't be read in skipped.csv and go on (default: end at the first)",
    )  # fmt: skip
    parser.set_defaults(run=_infer)


def _infer(parsed: argparse.Namespace) -> None:
    from mindreid.engine.deployment.embedding_folder import is_embedded, read_embedded
    from mindreid.engine.deployment.exported_model import describe_exported
    from mindreid.engine.deployment.gallery_search import write_ranking
    from mindreid.engine.deployment.runtimes import open_runtime

    model = describe_exported(parsed.model, parsed.converted_from)
    # What is refused is refused before minutes are spent on the queries.
    gallery = None
    if parsed.gallery is not None and is_embedded(parsed.gallery):
        gallery = read_embedded(parsed.gallery, model)
    runtime = open_runtime(
        parsed.model, name=parsed.runtime, fixed_sizes=model.fixed_sizes, converted=model.converted
    )
    say(f"{parsed.model} runs on {runtime.name}")
    query = _embed(parsed, parsed.input, parsed.keypoints, parsed.output, runtime, model)
    if parsed.gallery is None:
        return
    if gallery is None:
        table = parsed.gallery_keypoints
        gallery = _embed(parsed, parsed.gallery, table, parsed.output / "gallery", runtime, model)
    ranking = parsed.output / "ranking.csv"
    write_ranking(query, gallery, ranking, metric=model.metric, top=parsed.top)
    say(f"wrote {ranking}")


def _embed(
    parsed: argparse.Namespace,
    source: Path,
    keypoints: Optional[Path],
    output: Path,
    runtime: Runtime,
    model: ExportedModel,
) -> Embedded:
    from mindreid.engine.deployment.inference import embed_files
    from mindreid.engine.deployment.input_keypoints import input_keypoints
    from mindreid.engine.deployment.input_listing import Unreadable, list_inputs

    unreadable: Optional[list[Unreadable]] = [] if parsed.skip_unreadable else None
    embedded = embed_files(
        runtime,
        model,
        list_inputs(source, model.inputs.kind, unreadable),
        output,
        source=source,
        unreadable=unreadable,
        keypoints=input_keypoints(model.inputs, keypoints, source),
        batch_size=parsed.batch_size,
        reader_threads=parsed.reader_threads,
    )
    say(f"wrote {len(embedded.paths)} embeddings to {output}")
    return embedded
