"""``mindreid report``'s pictures of what a network makes of a dataset: they need a recipe and weights."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mindreid.commands.arguments import (
    add_picture,
    add_recipe,
    add_split,
    add_weights,
    overrides,
    positive_integer,
    say,
)
from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.engine.evaluation.evaluation_run import EvaluationRun


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to the parser of ``mindreid report``."""
    _add_ranks(actions)
    _add_attention(actions)
    _add_embedding(actions)
    _add_clusters(actions)


def _add_network(actions: argparse._SubParsersAction, name: str, purpose: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=purpose)
    add_recipe(parser)
    add_weights(parser)
    add_picture(parser)
    return parser


def _open(parsed: argparse.Namespace) -> EvaluationRun:
    from mindreid.config import load_recipe
    from mindreid.engine.evaluation.evaluation_run import EvaluationRun

    return EvaluationRun(load_recipe(parsed.config, overrides(parsed)), parsed.checkpoint)


def _add_ranks(actions: argparse._SubParsersAction) -> None:
    parser = _add_network(actions, "ranks", "queries with their nearest gallery images, for every protocol")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--queries", type=positive_integer, default=8, help="so many queries, evenly spaced")
    which.add_argument(
        "--hardest", type=positive_integer, metavar="N", help="the N queries of the lowest average precision"
    )
    parser.add_argument("--top", type=positive_integer, default=10, help="how many gallery images each")
    parser.set_defaults(run=_ranks)


def _ranks(parsed: argparse.Namespace) -> None:
    from mindreid.engine.evaluation.protocol_evaluation import chosen_protocols, embed_protocols
    from mindreid.report.pictures.rank_list import draw_rank_lists
    from mindreid.report.pictures.tiles import evenly_spaced
    from mindreid.report.rank_lists import ProtocolRanking

    run = _open(parsed)
    evaluation = run.recipe.evaluation
    protocols = chosen_protocols(run.dataset, evaluation)
    embeddings = embed_protocols(run.extract, protocols)
    lists = {}
    for protocol in protocols:
        ranking = ProtocolRanking(protocol, embeddings, evaluation)
        shown = ranking.hardest(parsed.hardest) if parsed.hardest else None
        queries = evenly_spaced(len(protocol.query), parsed.queries).tolist() if shown is None else shown
        title = f"{protocol.name}: junk rule {protocol.junk}, {ranking.score_name}"
        lists[title] = ranking.rank_lists(queries, parsed.top)
    draw_rank_lists(lists, parsed.output)
    say(f"wrote {parsed.output}")


def _add_attention(actions: argparse._SubParsersAction) -> None:
    parser = _add_network(actions, "attention", "where each branch of the network is active")
    add_split(parser, "query")
    parser.add_argument("--images", type=positive_integer, default=6, help="how many images are drawn")
    parser.set_defaults(run=_attention)


def _attention(parsed: argparse.Namespace) -> None:
    from mindreid.engine.evaluation.activations import activations_of, offers_maps
    from mindreid.report.pictures.activation_sheet import draw_activations
    from mindreid.report.pictures.tiles import evenly_spaced

    run = _open(parsed)
    if not offers_maps(run.network):
        raise InvalidArgumentError(
            "this network offers no feature maps",
            where=run.recipe.model.name,
            fix="give it a method maps(images), see CONTRIBUTING.md",
        )
    records = run.dataset.split(parsed.split)
    chosen = [records[index] for index in evenly_spaced(len(records), parsed.images)]
    draw_activations(parsed.output, [activations_of(run.recipe, run.network, record) for record in chosen])
    say(f"wrote {parsed.output}")


def _add_embedding(actions: argparse._SubParsersAction) -> None:
    parser = _add_network(actions, "embedding", "embeddings on a plane, by person, clothes and camera")
    parser.add_argument("--persons", type=positive_integer, default=20, help="how many persons are drawn")
    parser.add_argument("--method", choices=("tsne", "pca"), default="tsne", help="how they get there")
    parser.set_defaults(run=_embedding)


def _embedding(parsed: argparse.Namespace) -> None:
    from mindreid.report.pictures.plots import draw_embedding
    from mindreid.report.projection import choose_test_records, project

    run = _open(parsed)
    records = choose_test_records(run.dataset, parsed.persons)
    points = project(run.extract(records), parsed.method, metric=run.recipe.evaluation.metric)
    draw_embedding(parsed.output, points, records)
    say(f"wrote {parsed.output}")


def _add_clusters(actions: argparse._SubParsersAction) -> None:
    parser = _add_network(actions, "clusters", "some persons' images, clustered by their embeddings")
    add_split(parser, "train")
    parser.add_argument("--persons", type=int, default=4, help="how many persons are drawn")
    parser.add_argument("--rows", type=int, default=6, help="at most so many clusters of each")
    parser.add_argument("--columns", type=int, default=12, help="at most so many images of each cluster")
    parser.set_defaults(run=_clusters)


def _clusters(parsed: argparse.Namespace) -> None:
    from mindreid.report.person_looks import cluster_records
    from mindreid.report.pictures.cluster_sheet import draw_person_clusters

    run = _open(parsed)
    records = run.dataset.split(parsed.split)
    clusters = cluster_records(run, records)
    draw_person_clusters(
        records,
        clusters,
        parsed.output,
        persons=parsed.persons,
        rows=parsed.rows,
        columns=parsed.columns,
    )
    count = len({record.pid for record in records})
    say(f"{len(clusters.pids)} clusters of {count} persons; wrote {parsed.output}")
