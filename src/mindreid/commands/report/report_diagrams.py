"""``mindreid report architecture`` and ``view-angle``: drawings that explain."""

from __future__ import annotations

import argparse

from mindreid.commands.arguments import add_picture, say
from mindreid.package_contents import package_summaries


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to the parser of ``mindreid report``."""
    _add_architecture(actions)
    _add_view_angle(actions)


def _add_architecture(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("architecture", help="a model's network as boxes and arrows")
    models = ", ".join(package_summaries("mindreid.models"))
    parser.add_argument("--model", required=True, help=f"the model: {models}")
    add_picture(parser)
    parser.set_defaults(run=_architecture)


def _architecture(parsed: argparse.Namespace) -> None:
    from mindreid.report.pictures.architecture import draw_architecture, load_architecture

    draw_architecture(load_architecture(parsed.model), parsed.output)
    say(f"wrote {parsed.output}")


def _add_view_angle(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("view-angle", help="the drawing that defines the view angle")
    add_picture(parser)
    parser.set_defaults(run=_view_angle)


def _view_angle(parsed: argparse.Namespace) -> None:
    from mindreid.report.pictures.view_drawing import draw_view_angle

    draw_view_angle(parsed.output)
    say(f"wrote {parsed.output}")
