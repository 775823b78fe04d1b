"""What the network makes of images: where it is active, and where embeddings lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import cv2
import numpy as np

from mindreid.data.records import Record
from mindreid.engine.evaluation.activations import activations_of, offers_maps
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.pages.inline_images import inline_image
from mindreid.pages.markup import Markup, element, join, note
from mindreid.pages.page_frame import Section
from mindreid.report.page.plane_chart import plane_chart
from mindreid.report.pictures.activation_sheet import overlay
from mindreid.report.pictures.tiles import evenly_spaced
from mindreid.report.projection import FEWEST_POINTS, project
from mindreid.report.record_captions import colourings_of, describe

_IMAGES, _HEIGHT = 6, 192


def activation_section(run: EvaluationRun, records: Sequence[Record]) -> Optional[Section]:
    """Show the feature maps of some records, branch by branch; nothing of a network that offers none."""
    if not offers_maps(run.network) or not records:
        return None
    chosen = [records[index] for index in evenly_spaced(len(records), _IMAGES)]
    said = note(
        "The length of the feature vector at each place of the last map, bright where it is great: "
        "from the least to the greatest of each image."
    )
    return Section(
        "maps",
        "Activation maps",
        join([said, element("div", *(_maps(run, r) for r in chosen), class_="maps")]),
    )


def _maps(run: EvaluationRun, record: Record) -> Markup:
    shown = activations_of(run.recipe, run.network, record)
    height, width = shown.image.shape[:2]
    size = (round(_HEIGHT * width / height), _HEIGHT)
    pictures = [("input", shown.image, describe(record))]
    pictures += [
        (name, overlay(shown.image, value), f"where the map {name!r} is active: {describe(record)}")
        for name, value in shown.maps.items()
    ]
    figures = (
        element("figure", inline_image(cv2.resize(picture, size), alt), element("figcaption", name))
        for name, picture, alt in pictures
    )
    return element("div", *figures)


def embedding_section(
    run: EvaluationRun, records: Sequence[Record], embeddings: np.ndarray
) -> Optional[Section]:
    """Show embeddings on a plane, coloured by person, clothes or camera; nothing of too few."""
    if len(records) < FEWEST_POINTS:
        return None
    points = project(embeddings, metric=run.recipe.evaluation.metric)
    captions = [describe(record) for record in records]
    labels = colourings_of(records)
    switch = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name="colour",
                id=f"by-{kind}",
                checked="" if kind == "person" else None,
            ),
            f" by {kind}",
        )
        for kind in labels
    ]
    charts = [plane_chart(points, own, captions, kind) for kind, own in labels.items()]
    persons = len(set(labels["person"]))
    said = note(
        f"{len(records)} query and gallery records of {persons} persons by t-SNE: neighbours in the "
        "embedding stay neighbours, distances between groups say little. Point at one to see whose it is."
    )
    body = element("div", element("div", *switch, class_="switch"), *charts, class_="switched")
    return Section("embedding", "Embeddings", join([said, body]))
