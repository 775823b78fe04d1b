"""``mindreid infer``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import positive_integer, say


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "infer", help="embed images or gait sequences with an exported file, and rank a gallery"
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.mindir|FILE.onnx")
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="DIR|LIST",
        help="images (gait: .pkl), or a list of their paths",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="new, or to go on with")
    parser.add_argument(
        "--gallery", type=Path, metavar="DIR|LIST",
        help="write ranking.csv: images, or the output of an earlier run",
    )  # fmt: skip
    parser.add_argument(
        "--top", type=positive_integer, default=10, help="gallery images per query in ranking.csv"
    )
    parser.add_argument("--batch-size", type=positive_integer, default=32)
    parser.add_argument(
        "--reader-threads", "--workers", type=positive_integer, default=4, help="threads that read images"
    )
    parser.add_argument("--runtime", help="'MindSpore Lite', 'MindSpore' or 'ONNX Runtime' and no other")
    parser.set_defaults(run=_infer)


def _infer(parsed: argparse.Namespace) -> None:
    from mindreid.engine.deployment.exported_model import describe_exported
    from mindreid.engine.deployment.gallery_search import write_ranking
    from mindreid.engine.deployment.inference import embed_files, is_embedded, read_embedded
    from mindreid.engine.deployment.inference_inputs import list_inputs
    from mindreid.engine.deployment.runtimes import open_runtime

    model = describe_exported(parsed.model)
    runtime = open_runtime(parsed.model, name=parsed.runtime)
    say(f"{parsed.model} runs on {runtime.name}")
    options = {"batch_size": parsed.batch_size, "reader_threads": parsed.reader_threads}
    found = list_inputs(parsed.input, model.inputs.kind)
    query = embed_files(runtime, model, found, parsed.output, **options)
    say(f"wrote {len(query.paths)} embeddings to {parsed.output}")
    if parsed.gallery is None:
        return
    if is_embedded(parsed.gallery):
        gallery = read_embedded(parsed.gallery)
    else:
        place = parsed.output / "gallery"
        found = list_inputs(parsed.gallery, model.inputs.kind)
        gallery = embed_files(runtime, model, found, place, **options)
    ranking = parsed.output / "ranking.csv"
    write_ranking(query, gallery, ranking, metric=model.metric, top=parsed.top)
    say(f"wrote {ranking}")
