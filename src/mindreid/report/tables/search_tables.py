"""Tables of searching: persons found, scores that mean something, what an index costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mindreid.report.tables.markdown import NOT_RUN, percent, table
from mindreid.report.tables.result_files import ResultFiles

_RESULT = "search_quality"
#: Below so many searches for absent persons, one of 100 can't be told from none.
_LEAST_ABSENT = 100


def search_passes_table(results: ResultFiles) -> str:
    """Show of how many passes of persons there is a tracklet, and how many tracklets are of one person."""
    figures = results.figures(_RESULT)
    if figures is None:
        return NOT_RUN
    rows = [
        (
            name,
            str(own["cameras"]),
            _share(own["passes_with_a_tracklet"], own["true_passes"]),
            str(own["tracklets"]),
            str(own["tracklets"] - own["labelled_tracklets"]),
            str(own["persons"]),
        )
        for name, own in figures["scenes"].items()
    ]
    header = (
        "place", "cameras", "passes with a tracklet", "tracklets", "of nobody or of several",
        "persons found",
    )  # fmt: skip
    return table(header, rows)


def search_hits_table(results: ResultFiles) -> str:
    """Show how often a tracklet's person is found, beside chance, and errors with absent persons."""
    figures = results.figures(_RESULT)
    if figures is None:
        return NOT_RUN
    rows = [
        (
            network,
            place,
            str(own["mated"]),
            *(f"{percent(own['hit_rates'][rank])} ({percent(own['chance'][rank])})" for rank in ("1", "5")),
            str(own["nonmated"]),
            _fnir(own, own["nonmated"]),
            _fnir(measured["looser"][place], own["nonmated"]),
        )
        for network, measured in figures["networks"].items()
        for place, own in next(iter(measured["learnt_at"].values()))["checked"].items()
    ]
    header = (
        "network", "place", "searches", "rank 1 (chance)", "rank 5 (chance)", "absent searches",
        "FNIR at FPIR 1", "FNIR at FPIR 10",
    )  # fmt: skip
    return table(header, rows)


def _fnir(errors: Mapping[str, Any], absent: int) -> str:
    """Write a rate of misses, and the rate of false alarms that it came out at."""
    text = f"{percent(errors['fnir'])} at {percent(errors['fpir'])}"
    return f"{text} (too few for 1)" if absent < _LEAST_ABSENT and not errors["fpir"] else text


def search_promises_table(results: ResultFiles) -> str:
    """Show what came of what scores promise, by where that was learnt."""
    figures = results.figures(_RESULT)
    if figures is None:
        return NOT_RUN
    rows = [
        (
            network,
            learnt_at,
            place,
            percent(own["calibration_error"]),
            *(_right(own["verdicts"], verdict) for verdict in ("likely", "perhaps", "unlikely")),
            f"{own['verdicts']['rejected']} of {own['verdicts']['absent']}",
            f"{own['verdicts']['missed']} of {own['verdicts']['present']}",
        )
        for network, learnt_at, place, own in _checks(figures)
    ]
    header = (
        "network", "learnt at", "checked at", "calibration error", "likely: right", "perhaps: right",
        "unlikely: right", "nobody, of absent", "nobody, of present",
    )  # fmt: skip
    return table(header, rows)


def _checks(figures: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    for network, measured in figures["networks"].items():
        for learnt_at, calibration in measured["learnt_at"].items():
            for place, own in calibration["checked"].items():
                yield network, learnt_at, place, own


def _right(verdicts: Mapping[str, Any], verdict: str) -> str:
    hits, right = verdicts["hits"][verdict], verdicts["right"][verdict]
    return _share(right, hits) if hits else "no hit"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({percent(part / whole)} %)"


def search_persons_table(results: ResultFiles) -> str:
    """Show how far scores can be trusted by how many persons their meaning was learnt from."""
    figures = results.figures(_RESULT)
    if figures is None:
        return NOT_RUN
    rows = [
        (
            str(row["persons"]),
            percent(row["calibration_error"]),
            f"{percent(row['right_of_likely'])} of 100",
            f"{row['too_few_hits']} of {row['draws']}",
        )
        for row in figures["learning_curve"]
    ]
    return table(("persons", "calibration error", "right of likely hits", "draws refused"), rows)


def search_growth_table(results: ResultFiles) -> str:
    """Show how the time of a search grows with the index."""
    figures = results.figures("search_find")
    if figures is None:
        return NOT_RUN
    sizes = figures["sizes"]
    lines = (
        ("a search among all, ms", "all median_ms"),
        ("of it a processor's work", "all processor_ms"),
        ("among those of one camera of eight, ms", "one camera median_ms"),
        ("forget a tracklet and prove it, s", "forget and prove_s"),
    )
    rows = [(name, *(f"{size[key]:.0f}" for size in sizes)) for name, key in lines]
    return table(("tracklets of 512 values", *(f"{size['tracklets']:,}" for size in sizes)), rows)


def search_stages_table(results: ResultFiles) -> str:
    """Show how many frames of a video pass each stage in a second."""
    figures = results.figures("search_add")
    if figures is None:
        return NOT_RUN
    by_clock, by_processor = (figures[key] for key in ("frames_per_second", "frames_per_processor_second"))
    rows = [(stage, f"{by_clock[stage]:,.0f}", f"{by_processor[stage]:,.0f}") for stage in by_clock]
    return table(("stage", "frames a second", "frames in a processor's second"), rows)


def search_paths_table(results: ResultFiles) -> str:
    """Show IDF1 over all cameras by what is joined to paths, one column for each kind of tracks."""
    figures = results.figures("search_paths")
    if figures is None:
        return NOT_RUN
    by_setting: dict[str, dict[str, str]] = {}
    for row in figures["rows"]:
        joined = row["least_similarity"] is not None
        setting = f"{row['most_seconds']:g} s, {row['least_similarity']:g}" if joined else "nothing joined"
        by_setting.setdefault(setting, {})[row["tracks"]] = percent(row["idf1"])
    kinds = list(next(iter(by_setting.values())))
    rows = [(setting, *(own[kind] for kind in kinds)) for setting, own in by_setting.items()]
    return table(("most travel time, least similarity", *(f"IDF1, {kind}" for kind in kinds)), rows)
