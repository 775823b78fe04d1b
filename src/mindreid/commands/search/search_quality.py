"""``mindreid search calibrate`` and ``eval``: what the answers of an index are worth."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import (
    add_index,
    add_model,
    add_moved_model,
    calibration_of,
)
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_table import format_table

if TYPE_CHECKING:
    from mindreid.search.calibration import Calibration, VerdictRates
    from mindreid.search.index import IndexedModel
    from mindreid.search.labelled_searches import LabelledVectors, SearchErrors

_LABELS = "columns tracklet and person, e.g. by `mindreid search label`"


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid search``."""
    calibrate = actions.add_parser(
        "calibrate", help="learn what the scores of a network mean, and note it beside the network"
    )
    calibrate.add_argument(
        "index", metavar="INDEX", nargs="*", help="an index, or those of several places, each with --labels"
    )
    calibrate.add_argument(
        "--labels", type=Path, action="append", default=[], metavar="FILE.csv",
        help=f"{_LABELS} (once for each index, in the same order)",
    )  # fmt: skip
    calibrate.add_argument("--root", metavar="DIR", help="instead: a dataset, with --model")
    calibrate.add_argument("--name", default="market1501", help="the layout of the dataset")
    add_model(calibrate, "the index's, where it was last seen")
    calibrate.set_defaults(run=_calibrate)
    evaluate = actions.add_parser("eval", help="how often persons are found, and how often others are")
    add_index(evaluate)
    evaluate.add_argument("--labels", type=Path, required=True, metavar="FILE.csv", help=_LABELS)
    evaluate.add_argument(
        "--within-cameras", action="store_true",
        help="also look for a tracklet's person in its own camera, where it may come back (default: only in "
        "the others)",
    )  # fmt: skip
    evaluate.add_argument(
        "--fpir", type=float, default=0.01, metavar="SHARE",
        help="false-positive identification rate at which the false-negative one is told",
    )  # fmt: skip
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    evaluate.add_argument("--picture", type=Path, metavar="FILE.png", help="also draw the calibration")
    add_moved_model(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _labelled(place: str, labels: Path) -> tuple[LabelledVectors, IndexedModel]:
    from mindreid.search.index import open_index
    from mindreid.search.labels import labelled_vectors, read_labels

    index = open_index(place)
    model = index.model()
    if model is None:
        raise DataError("the index is empty", where=place)
    return labelled_vectors(index, read_labels(labels), str(labels)), model


def _places(parsed: argparse.Namespace) -> tuple[list[LabelledVectors], IndexedModel]:
    found = [_labelled(place, labels) for place, labels in zip(parsed.index, parsed.labels)]
    models = {(model.sha256, str(model.inputs)): model for _, model in found}
    if len(models) > 1:
        raise DataError(
            "the indexes hold embeddings of different networks",
            where=", ".join(parsed.index),
            fix="embed one of them anew with `mindreid search reembed`",
        )
    return [labelled for labelled, _ in found], found[0][1]


def _of_dataset(parsed: argparse.Namespace) -> tuple[LabelledVectors, IndexedModel]:
    from mindreid.search.dataset_labels import dataset_vectors
    from mindreid.search.ingest.appearance_model import open_appearance_model

    opened = open_appearance_model(parsed.model, inputs=parsed.model_input)
    return dataset_vectors(parsed.name, parsed.root, opened), opened.described


def _calibrate(parsed: argparse.Namespace) -> None:
    is_dataset = parsed.root is not None and parsed.model is not None
    if parsed.index or parsed.labels:
        is_clear = len(parsed.index) == len(parsed.labels) and parsed.root is None
    else:
        is_clear = is_dataset
    if not is_clear:
        raise InvalidArgumentError("pass INDEX and --labels, as many of either, or --model and --root")
    from mindreid.search.calibration import calibrate, save_calibration
    from mindreid.search.ingest.appearance_model import place_of

    if is_dataset:
        labelled, model = _of_dataset(parsed)
        places, source = [labelled], parsed.root
    else:
        (places, model), source = _places(parsed), ", ".join(map(str, parsed.labels))
    place = place_of(model, parsed.model)
    learnt = calibrate(places, model, source)
    path = save_calibration(learnt, place)
    say(f"wrote {path}: learnt from {learnt.searches} searches with {learnt.right_hits} right hits")
    for name in ("likely", "perhaps"):
        score = getattr(learnt, name)
        say(f"{name}: " + ("no score goes that far" if score is None else f"from {score:.3f} on"))
    _check_calibration(places, model)


def _check_calibration(places: Sequence[LabelledVectors], model: IndexedModel) -> None:
    from mindreid.search.calibration import FEW_PERSONS, held_out_reliability

    persons = sum(place.persons_seen_twice for place in places)
    if persons < FEW_PERSONS:
        say(
            f"warning: {persons} persons were seen by several cameras; with fewer than {FEW_PERSONS}, "
            "hits are right less often than promised: label more"
        )
    try:
        table, error = held_out_reliability(places, model)
    except DataError:
        say("too few persons to learn from one half of them and check with the other")
        return
    say("learnt from half of the persons and checked with the other half:")
    _show_reliability(table, error)


def _evaluate(parsed: argparse.Namespace) -> None:
    from mindreid.atomic import write_json
    from mindreid.search.labelled_searches import search_errors

    labelled, model = _labelled(parsed.index, parsed.labels)
    if parsed.within_cameras:
        labelled = labelled.each_alone()
    calibration = calibration_of(model, parsed.model)
    if parsed.picture is not None and calibration is None:
        raise DataError("there is no calibration to draw", where=model.path, fix="see `search calibrate`")
    errors = search_errors(labelled, fpir=parsed.fpir)
    _show_errors(errors, parsed.fpir)
    content = asdict(errors)
    if calibration is None:
        say("not calibrated: see `mindreid search calibrate`")
    else:
        content.update(_check_promises(calibration, labelled, parsed))
    if parsed.json is not None:
        write_json(parsed.json, content)


def _check_promises(
    calibration: Calibration, labelled: LabelledVectors, parsed: argparse.Namespace
) -> dict[str, Any]:
    from mindreid.search.calibration import verdict_rates
    from mindreid.search.labelled_searches import labelled_hits, reliability

    scores, is_right = labelled_hits(labelled)
    table, error = reliability(calibration.probability(scores), is_right)
    _show_reliability(table, error)
    verdicts = verdict_rates(calibration, labelled)
    _show_verdicts(verdicts)
    if str(parsed.labels) in calibration.learnt_from.split(", "):
        say("these are labels that it was learnt from: others would fit less well")
    if parsed.picture is not None:
        from mindreid.report.pictures import draw_calibration

        draw_calibration(parsed.picture, table)
    return {"reliability": table, "calibration_error": error, "verdicts": asdict(verdicts)}


def _show_errors(errors: SearchErrors, fpir: float) -> None:
    rows = [
        ("searches for persons who are there", str(errors.mated), ""),
        *(
            (
                f"the person among the first {rank}" if rank > 1 else "the first hit is the person",
                _percent(rate),
                f"by chance {_percent(errors.chance[rank])}",
            )
            for rank, rate in errors.hit_rates.items()
        ),
        ("searches for persons who are not there", str(errors.nonmated), ""),
        ("false-positive identification rate (FPIR)", _percent(errors.fpir), f"at most {_percent(fpir)}"),
        (
            f"from score {errors.threshold:.3f} on, false-negative (FNIR, rank {errors.rank})",
            _percent(errors.fnir),
            "",
        ),
    ]
    say(format_table(rows, "<>>"))
    if fpir and not errors.fpir:
        say(f"with {errors.nonmated} such searches, a rate of {_percent(fpir)} can't be told from 0")


def _show_verdicts(rates: VerdictRates) -> None:
    rows = [("called", "right of 100", "hits")]
    for name, hits in rates.hits.items():
        rows.append((name, f"{100 * rates.right[name] / hits:.0f}" if hits else "-", str(hits)))
    say(format_table(rows, "<>>", ruled=True))
    say(
        f'"nobody" for {rates.rejected} of {rates.absent} persons who are not there, '
        f"and for {rates.missed} of {rates.present} who are"
    )


def _show_reliability(table: Sequence[Mapping[str, float]], error: float) -> None:
    rows = [("promised of 100", "right of 100", "hits")]
    rows += [(f"{100 * row['promised']:.0f}", f"{100 * row['right']:.0f}", str(row["hits"])) for row in table]
    say(format_table(rows, ">>>", ruled=True))
    say(f"expected calibration error: {_percent(error)}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
