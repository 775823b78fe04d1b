"""``mindreid search serve``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import add_index, add_moved_model
from mindreid.errors import DataError, InvalidArgumentError


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid search``."""
    parser = actions.add_parser("serve", help="search an index in a browser, also in that of a phone")
    add_index(parser)
    add_moved_model(parser)
    parser.add_argument(
        "--detector", type=Path, metavar="FILE.onnx",
        help="finds persons in uploaded photos, YOLO or RT-DETR (default: OpenCV's)",
    )  # fmt: skip
    parser.add_argument("--person-class", type=int, default=0, help="the detector's class of persons, from 0")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="where it answers; any other than this machine's own wants --token-file (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8765, help="the port")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE",
        help="a file with the token that opens the page (default: a new one, which is printed)",
    )  # fmt: skip
    parser.set_defaults(run=_serve)


def _serve(parsed: argparse.Namespace) -> None:
    from mindreid.search.calibration import load_calibration
    from mindreid.search.extras import optional_package
    from mindreid.search.index import open_index
    from mindreid.search.ingest.appearance_model import reopen
    from mindreid.search.ingest.hog_people import HogPeople
    from mindreid.search.ingest.onnx_detector import OnnxDetector
    from mindreid.search.page.access import access_for
    from mindreid.search.page.picture_worker import PictureWorker
    from mindreid.search.page.search_server import listen, serve, shown_address
    from mindreid.search.page.search_service import SearchService

    if not 1 <= parsed.port <= 65535:
        raise InvalidArgumentError(f"a port is a number from 1 to 65535, not {parsed.port}")
    for package in ("fastapi", "uvicorn"):
        optional_package(package, "the page of an index")
    access = access_for(parsed.host, parsed.token_file)
    index = open_index(parsed.index)
    model = index.model()
    if model is None:
        raise DataError(
            "the index is empty", where=parsed.index, fix="add a video with `mindreid search add`"
        )
    finder = HogPeople() if parsed.detector is None else OnnxDetector(
        parsed.detector, person_class=parsed.person_class
    )  # fmt: skip
    worker = PictureWorker()
    calibration = load_calibration(model, parsed.model)
    service = SearchService(index, reopen(model, parsed.model), finder, calibration, worker.decode)
    try:
        with listen(parsed.host, parsed.port) as listening:
            address = shown_address(parsed.host, parsed.port, access, chosen=parsed.token_file is not None)
            say(f"open {address}")
            serve(service, access, listening)
    finally:
        worker.close()
        index.close()
