"""The page's addresses, and who may ask for what.

Everything but the page's own style and script wants the token. Uploads are bounded before they are read
whole; nothing is fetched from elsewhere, and nothing that shows people is kept by a browser.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import resources
from typing import Any

from pydantic import BaseModel, ValidationError

from mindreid.errors import DataError, InvalidArgumentError, MindReidError
from mindreid.search.extras import optional_package
from mindreid.search.page.access import COOKIE, Access
from mindreid.search.page.recorded_frames import clip_of, encode_jpeg, frame_of, shown_box
from mindreid.search.page.report_export import export_report
from mindreid.search.page.search_service import RefineWish, SearchService, SearchWish

logger = logging.getLogger(__name__)

#: Bytes of an uploaded picture, and of anything else that is sent.
MOST_PICTURE, _MOST_JSON = 20 << 20, 64 << 10
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' blob:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STRANGER = "The token is missing or wrong: open the address that `mindreid search serve` printed.\n"

#: A request and a response of FastAPI, which is not imported for whom does not serve.
Request = Any
Response = Any


def make_app(service: SearchService, access: Access) -> Any:
    """Build the FastAPI application.

    Raises
    ------
    MissingExtraError
        If the extra ``search`` is not installed.
    """
    fastapi = optional_package("fastapi", "the page of an index")
    # Without FastAPI's own pages, which fetch their scripts from elsewhere.
    app = fastapi.FastAPI(title="MindReID", docs_url=None, redoc_url=None, openapi_url=None)
    routes = _Routes(service, access)
    for path, method, answer in routes.listed():
        app.add_route(path, _guarded(answer, access), methods=[method])
    app.add_route("/", routes.page, methods=["GET"])
    for name, kind in (("style", "text/css"), ("script", "text/javascript")):
        app.add_route(f"/{name}", _asset(name, kind), methods=["GET"])
    app.add_route("/favicon.ico", _nothing, methods=["GET"])
    return app


def listen(host: str, port: int) -> socket.socket:
    """Take an address of this machine.

    Raises
    ------
    DataError
        If it is another machine's, or another program answers there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        # Python ends it with the address.
        reason = str(getattr(error, "strerror", None) or error).partition(" (")[0]
        raise DataError(
            f"this address can't be taken ({reason})",
            where=f"{host}, port {port}",
            fix="pass another --port, or a --host of this machine",
        ) from None


def serve(service: SearchService, access: Access, listening: socket.socket) -> None:
    """Answer until interrupted.

    Raises
    ------
    MissingExtraError
        If the extra ``search`` is not installed.
    """
    uvicorn = optional_package("uvicorn", "the page of an index")
    app = make_app(service, access)
    # No log of addresses: the first one has the token in it.
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


class _Routes:
    """What is answered to whom has the token."""

    def __init__(self, service: SearchService, access: Access) -> None:
        self._service, self._access = service, access

    def listed(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Return path, method and answer of each address."""
        return [
            ("/api/index", "GET", self.overview),
            ("/api/pictures", "POST", self.add_picture),
            ("/api/pictures/{name}", "GET", self.picture),
            ("/api/searches", "POST", self.begin),
            ("/api/searches/{name}", "POST", self.refine),
            ("/api/searches/{name}/report", "GET", self.report),
            ("/api/searches/{name}/query", "GET", self.query),
            ("/api/tracklets/{name}/crops/{number:int}", "GET", self.crop),
            ("/api/tracklets/{name}/frame", "GET", self.frame),
            ("/api/tracklets/{name}/people", "GET", self.people),
            ("/api/tracklets/{name}/clip", "GET", self.clip),
        ]

    async def page(self, request: Request) -> Response:
        """Return the page; who comes with the token in the address gets a cookie in its place."""
        given = request.query_params.get("token")
        if given is not None and self._access.is_right(given):
            answer = _responses().RedirectResponse("/", 303, headers=_HEADERS)
            answer.set_cookie(COOKIE, self._access.token, httponly=True, samesite="strict")
            return answer
        if not self._access.may_look(request.headers, request.cookies):
            return _plain(_STRANGER, 401)
        return _responses().HTMLResponse(_own_file("search_page.html"), headers=_HEADERS)

    async def overview(self, request: Request) -> Response:
        return _json(await _threaded(self._service.overview))

    async def add_picture(self, request: Request) -> Response:
        content = await _body(request, MOST_PICTURE)
        return _json(await _threaded(self._service.add_picture, content))

    async def picture(self, request: Request) -> Response:
        return _bytes(await _threaded(self._service.picture, request.path_params["name"]), "image/jpeg")

    async def begin(self, request: Request) -> Response:
        wish = await _parsed(request, SearchWish)
        return _json(await _threaded(self._service.begin, wish))

    async def refine(self, request: Request) -> Response:
        wish = await _parsed(request, RefineWish)
        return _json(await _threaded(self._service.refine, request.path_params["name"], wish))

    async def report(self, request: Request) -> Response:
        search = await _threaded(self._service.search, request.path_params["name"])
        content = await _threaded(export_report, self._service.index, search)
        answer = _bytes(content, "application/zip")
        answer.headers["Content-Disposition"] = 'attachment; filename="search-report.zip"'
        return answer

    async def query(self, request: Request) -> Response:
        search = await _threaded(self._service.search, request.path_params["name"])
        return _bytes(search.crop, "image/jpeg")

    async def crop(self, request: Request) -> Response:
        def read() -> bytes:
            crops = self._service.index.tracklet(request.path_params["name"]).crops
            number = request.path_params["number"]
            if number >= len(crops):
                raise InvalidArgumentError(f"this tracklet has {len(crops)} crops")
            return self._service.index.read_crop(crops[number])

        return _bytes(await _threaded(read), "image/jpeg")

    async def frame(self, request: Request) -> Response:
        def read() -> bytes:
            tracklet = self._service.index.tracklet(request.path_params["name"])
            return encode_jpeg(frame_of(self._source(tracklet.source), tracklet))

        return _bytes(await _threaded(read), "image/jpeg")

    async def people(self, request: Request) -> Response:
        def read() -> dict[str, Any]:
            tracklet = self._service.index.tracklet(request.path_params["name"])
            source = self._source(tracklet.source)
            people = self._service.people_beside(tracklet, shown_box(tracklet))
            return {"width": source.width, "height": source.height, "people": people}

        return _json(await _threaded(read))

    async def clip(self, request: Request) -> Response:
        def read() -> bytes:
            tracklet = self._service.index.tracklet(request.path_params["name"])
            return clip_of(self._source(tracklet.source), tracklet)

        return _bytes(await _threaded(read), "image/webp")

    def _source(self, name: str) -> Any:
        return self._service.index.source(name)


class _TooLarge(Exception):  # noqa: N818 - becomes an answer, not an error of the program
    """More was sent than is taken."""


def _guarded(
    answer: Callable[[Request], Awaitable[Response]], access: Access
) -> Callable[[Request], Awaitable[Response]]:
    """Let in who has the token, and tell of errors as JSON."""

    async def guarded(request: Request) -> Response:
        if not access.may_look(request.headers, request.cookies):
            return _plain(_STRANGER, 401)
        try:
            return await answer(request)
        except _TooLarge as error:
            return _json({"error": str(error)}, 413)
        except MindReidError as error:
            return _json({"error": str(error)}, 400)
        except OSError as error:
            return _json({"error": error.strerror or "the disk can't be read or written"}, 500)

    return guarded


def _asset(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        text = _own_file(f"search_page.{'css' if name == 'style' else 'js'}")
        if name == "style":
            text = resources.files("mindreid.pages").joinpath("page.css").read_text(encoding="utf-8") + text
        return _bytes(text.encode(), f"{kind}; charset=utf-8")

    return answer


async def _nothing(_request: Request) -> Response:
    return _responses().Response(status_code=204)


async def _body(request: Request, most: int) -> bytes:
    """Read what is sent, and stop as soon as it is too much."""
    problem = f"at most {most >> 10} KiB are taken"
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > most:
        raise _TooLarge(problem)
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise _TooLarge(problem)
    return bytes(content)


async def _parsed(request: Request, kind: type[BaseModel]) -> Any:
    content = await _body(request, _MOST_JSON)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InvalidArgumentError(f"{key}: {first['msg']}" if key else str(first["msg"])) from None


async def _threaded(function: Callable[..., Any], *arguments: Any) -> Any:
    concurrency = optional_package("fastapi.concurrency", "the page of an index")
    return await concurrency.run_in_threadpool(function, *arguments)


def _responses() -> Any:
    return optional_package("fastapi.responses", "the page of an index")


def _json(value: Any, status: int = 200) -> Response:
    return _bytes(json.dumps(value).encode(), "application/json", status)


def _plain(text: str, status: int) -> Response:
    return _responses().PlainTextResponse(text, status, headers=_HEADERS)


def _bytes(content: bytes, kind: str, status: int = 200) -> Response:
    return _responses().Response(content, status, headers=_HEADERS, media_type=kind)


def _own_file(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def shown_address(host: str, port: int, access: Access, *, chosen: bool) -> str:
    """Return the address for the user; a token that the user chose is not shown."""
    shown = {"0.0.0.0": "THIS-MACHINE", "::": "THIS-MACHINE"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - not listened on, but named
    return f"http://{shown}:{port}/?token={'YOUR-TOKEN' if chosen else access.token}"
