"""The page of one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.atomic import write_text
from mindreid.data.open_dataset import open_dataset
from mindreid.data.records import Dataset
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.protocol_evaluation import (
    chosen_protocols,
    embed_protocols,
    evaluate_protocols,
)
from mindreid.engine.evaluation.protocol_results import Results
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.metrics.percentages import to_percent
from mindreid.pages.markup import Markup, element, join, note
from mindreid.pages.page_frame import Section, assemble, tiles
from mindreid.report.page.curve_section import curve_section, last_loss
from mindreid.report.page.data_section import data_section
from mindreid.report.page.evaluation_section import evaluation_section
from mindreid.report.page.mining_section import mining_section
from mindreid.report.page.network_sections import activation_section, embedding_section
from mindreid.report.page.pair_section import pair_section
from mindreid.report.page.rank_section import rank_section
from mindreid.report.page.recipe_section import environment_section, recipe_section
from mindreid.report.projection import choose_test_records
from mindreid.report.rank_lists import ProtocolRanking
from mindreid.report.run_record import RunRecord


@dataclass(frozen=True)
class PageOptions:
    """How much a page shows.

    Attributes
    ----------
    queries, top : int
        At most so many queries of each protocol, and gallery records of each.
    network : bool
        Whether the network is run: without it there are only the figures that the checkpoint carries,
        no rank lists, maps and embeddings.
    """

    queries: int = 8
    top: int = 10
    network: bool = True


def write_run_page(
    run: RunRecord,
    output: Path,
    options: PageOptions = PageOptions(),
    *,
    dataset: Optional[Dataset] = None,
    reload_seconds: Optional[float] = None,
) -> None:
    """Write a run's page, whole or not at all.

    Parameters
    ----------
    run : RunRecord
        What its folder holds.
    output : Path
        The HTML file.
    options : PageOptions
        How much it shows.
    dataset : Dataset, optional
        The run's, if it is open already; only looked at where the network is not run.
    reload_seconds : float, optional
        After how many seconds the page reloads itself, while the run goes on.

    Raises
    ------
    MindReidError
        Where the network is run: whatever `mindreid eval` would say of checkpoint and dataset.
    """
    sections = [recipe_section(run), *_sections(run, options, dataset), environment_section(run)]
    # What was found comes first, what it was made of after it.
    order = {name: number for number, name in enumerate(_ORDER)}
    sections.sort(key=lambda section: order[section.anchor])
    write_text(
        output,
        assemble(
            f"{run.recipe.model.name} · {run.name}",
            _headline(run, follows=reload_seconds is not None),
            sections,
            reload_seconds=reload_seconds,
        ),
    )


_ORDER = (
    "evaluation",
    "curves",
    "ranks",
    "pairs",
    "maps",
    "embedding",
    "mining",
    "data",
    "recipe",
    "environment",
)


def _sections(run: RunRecord, options: PageOptions, dataset: Optional[Dataset]) -> Iterator[Section]:
    yield curve_section({run.name: run.losses}, {run.name: run.evaluations})
    if options.network and run.description is not None:
        yield from _with_network(run, options)
    else:
        yield from _without_network(run, dataset)


def _without_network(run: RunRecord, dataset: Optional[Dataset]) -> Iterator[Section]:
    mined = mining_section({run.name: run.mining})
    if mined is not None:
        yield mined
    try:
        dataset = dataset or open_dataset(run.recipe)
    except DataError as error:
        yield Section("data", "Data", note(f"The dataset can't be opened: {error}"))
        return
    yield data_section(dataset)
    if run.results:
        yield _evaluation(run, dataset, run.results, "as the training evaluated it")


def _with_network(run: RunRecord, options: PageOptions) -> Iterator[Section]:
    opened = EvaluationRun(run.recipe, run.checkpoint)
    evaluation = run.recipe.evaluation
    protocols = chosen_protocols(opened.dataset, evaluation)
    embeddings = embed_protocols(opened.extract, protocols)
    results = evaluate_protocols(protocols, embeddings, evaluation)
    yield _evaluation(run, opened.dataset, results, "measured for this page")
    rankings = []
    for protocol in protocols:
        try:
            rankings.append(ProtocolRanking(protocol, embeddings, evaluation))
        except InvalidArgumentError:  # a gait benchmark's own lists may have matches where the whole has none
            continue
    if rankings:
        yield rank_section(rankings, queries=options.queries, top=options.top)
        yield pair_section(rankings)
    shown = [record for record in choose_test_records(opened.dataset) if record in embeddings.row_of]
    for section in (
        activation_section(opened, opened.dataset.query),
        embedding_section(opened, shown, embeddings(shown)) if shown else None,
        mining_section({run.name: run.mining}, opened),
    ):
        if section is not None:
            yield section
    yield data_section(opened.dataset)


def _evaluation(run: RunRecord, dataset: Dataset, results: Results, how: str) -> Section:
    epoch = run.description.epoch if run.description else 0
    measured = f"{run.checkpoint.name} after epoch {epoch}, {how}"
    section = evaluation_section(run.recipe.model.name, dataset, results, measured)
    return Section(section.anchor, section.title, join([_key_figures(results), section.body]))


def _key_figures(results: Results) -> Markup:
    keys = []
    for name, result in list(results.items())[:3]:
        for title, figure in (("rank-1", result.named("rank1")), ("mAP", result.named("mAP"))):
            if figure is not None:
                keys.append((title, f"{to_percent(figure):.1f} %", name))
    return tiles(*keys)


def _headline(run: RunRecord, follows: bool) -> Markup:
    epochs = len(set(run.losses.epochs.tolist()))
    loss = last_loss(run.losses)
    said = [
        f"{run.recipe.dataset.name}",
        f"{len(run.losses):,} steps in {epochs} epochs",
        *([] if loss is None else [f"last loss {loss:.4g}"]),
    ]
    live = "training now; this page follows" if follows else "training now"
    state = [element("span", live, class_="live"), " "] if run.running else []
    return element("p", *state, " · ".join(said), class_="note")
