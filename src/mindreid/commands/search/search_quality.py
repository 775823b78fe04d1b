"""``mindreid search label``, ``calibrate`` and ``eval``: what the answers of an index are worth."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import add_index, add_model, read_truths
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_table import format_table

if TYPE_CHECKING:
    from mindreid.search.index import IndexedModel
    from mindreid.search.labelled_searches import LabelledVectors, SearchErrors

#: Searches for absent persons below which a rate of 1 % means that none of them gave a hit.
_LEAST_NONMATED = 100


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid search``."""
    label = actions.add_parser("label", help="label tracklets by annotated tracks of the recordings")
    add_index(label)
    label.add_argument(
        "--truth", action="append", required=True, metavar="CAMERA=FILE",
        help="annotated tracks, MOT text or .json, of a camera, or of a recording by its file name "
        "(repeatable)",
    )  # fmt: skip
    label.add_argument("--output", type=Path, required=True, metavar="FILE.csv", help="the table to write")
    label.set_defaults(run=_label)
    calibrate = actions.add_parser(
        "calibrate", help="learn what the scores of a network mean, and note it beside the network"
    )
    calibrate.add_argument("index", metavar="INDEX", nargs="?", help="an index, with --labels")
    _add_labels(calibrate, required=False)
    calibrate.add_argument("--root", metavar="DIR", help="instead: a dataset, with --model")
    calibrate.add_argument("--name", default="market1501", help="the layout of the dataset")
    add_model(calibrate, "the index's")
    calibrate.set_defaults(run=_calibrate)
    evaluate = actions.add_parser("eval", help="how often persons are found, and how often others are")
    add_index(evaluate)
    _add_labels(evaluate, required=True)
    evaluate.add_argument(
        "--within-cameras", action="store_true",
        help="also look for a tracklet's person in its own camera, where it may come back (default: only in "
        "the others)",
    )  # fmt: skip
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    evaluate.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw the calibration")
    evaluate.set_defaults(run=_evaluate)


def _add_labels(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--labels", type=Path, required=required, metavar="FILE.csv",
        help="columns tracklet and person, e.g. by `mindreid search label`",
    )  # fmt: skip


def _label(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import open_index
    from mindreid.search.labels import labels_from_truth, write_labels

    truths = read_truths(parsed.truth)
    index = open_index(parsed.index)
    labels = labels_from_truth(index, truths)
    write_labels(labels, parsed.output)
    persons = len(set(labels.values()))
    say(f"wrote {parsed.output}: {len(labels)} of {index.count()} tracklets, {persons} persons")


def _labelled(parsed: argparse.Namespace) -> tuple[LabelledVectors, IndexedModel]:
    from mindreid.search.index import open_index
    from mindreid.search.labels import labelled_vectors, read_labels

    index = open_index(parsed.index)
    model = index.model()
    if model is None:
        raise DataError("the index is empty", where=parsed.index)
    return labelled_vectors(index, read_labels(parsed.labels), str(parsed.labels)), model


def _of_dataset(parsed: argparse.Namespace) -> tuple[LabelledVectors, IndexedModel]:
    from mindreid.search.dataset_labels import dataset_vectors
    from mindreid.search.ingest.appearance_model import open_appearance_model

    opened = open_appearance_model(parsed.model, inputs=parsed.model_input)
    return dataset_vectors(parsed.name, parsed.root, opened), opened.described


def _calibrate(parsed: argparse.Namespace) -> None:
    given = tuple(value is not None for value in (parsed.index, parsed.labels, parsed.root, parsed.model))
    if given not in ((True, True, False, False), (False, False, True, True)):
        raise InvalidArgumentError("pass INDEX and --labels, or --model and --root")
    from mindreid.search.calibration import calibrate, held_out_reliability, save_calibration

    if parsed.root is None:
        (labelled, model), source = _labelled(parsed), str(parsed.labels)
    else:
        (labelled, model), source = _of_dataset(parsed), parsed.root
    learnt = calibrate(labelled, model, source)
    path = save_calibration(learnt, Path(model.path))
    say(f"wrote {path}: learnt from {learnt.searches} searches with {learnt.right_hits} right hits")
    for name in ("likely", "perhaps"):
        score = getattr(learnt, name)
        say(f"{name}: " + ("no score goes that far" if score is None else f"from {score:.3f} on"))
    try:
        table, error = held_out_reliability(labelled, model)
    except DataError:
        say("too few persons to learn from one half of them and check with the other")
        return
    say("learnt from half of the persons and checked with the other half:")
    _show_reliability(table, error)


def _evaluate(parsed: argparse.Namespace) -> None:
    from mindreid.atomic import write_json
    from mindreid.search.calibration import load_calibration
    from mindreid.search.labelled_searches import RANKS, labelled_hits, reliability, search_errors

    labelled, model = _labelled(parsed)
    if parsed.within_cameras:
        labelled = labelled.each_alone()
    calibration = load_calibration(model)
    if parsed.picture is not None and calibration is None:
        raise DataError("there is no calibration to draw", where=model.path, fix="see `search calibrate`")
    errors = search_errors(labelled)
    _show_errors(errors)
    content = asdict(errors)
    if calibration is None:
        say("not calibrated: see `mindreid search calibrate`")
    else:
        scores, is_right = labelled_hits(labelled, RANKS[-1])
        table, error = reliability(calibration.probability(scores), is_right)
        _show_reliability(table, error)
        if str(parsed.labels) == calibration.learnt_from:
            say("these are the labels that it was learnt from: others would fit less well")
        content.update(reliability=table, calibration_error=error)
        if parsed.picture is not None:
            from mindreid.report.pictures import draw_calibration

            draw_calibration(parsed.picture, table)
    if parsed.json is not None:
        write_json(parsed.json, content)


def _show_errors(errors: SearchErrors) -> None:
    rows = [
        ("searches for persons who are there", str(errors.mated)),
        *(
            (
                f"the person among the first {rank}" if rank > 1 else "the first hit is the person",
                _percent(rate),
            )
            for rank, rate in errors.hit_rates.items()
        ),
        ("searches for persons who are not there", str(errors.nonmated)),
        ("false-positive identification rate (FPIR)", _percent(errors.fpir)),
        (
            f"from score {errors.threshold:.3f} on, false-negative (FNIR, rank {errors.rank})",
            _percent(errors.fnir),
        ),
    ]
    say(format_table(rows, "<>"))
    if errors.nonmated < _LEAST_NONMATED:
        say(f"with {errors.nonmated} such searches, a rate of 1 % can't be told from 0")


def _show_reliability(table: Sequence[Mapping[str, float]], error: float) -> None:
    rows = [("promised of 100", "right of 100", "hits")]
    rows += [(f"{100 * row['promised']:.0f}", f"{100 * row['right']:.0f}", str(row["hits"])) for row in table]
    say(format_table(rows, ">>>", ruled=True))
    say(f"expected calibration error: {_percent(error)}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
