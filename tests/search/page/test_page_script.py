"""The page's script without a browser: what it asks the server for is answered, what it touches is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mindreid.search.page import Access, make_app
from tests.pages.page_reading import read_markup

SOURCES = Path(__file__).resolve().parents[3] / "src/mindreid"
PAGE = SOURCES / "search/page"
NODE = shutil.which("node")


def script():
    return (PAGE / "search_page.js").read_text(encoding="utf-8")


def asked_for():
    """Method and path of everything that the script asks for, with a 0 for each value that is filled in."""
    # A function of its own makes the addresses of tracklets.
    text = script().replace("${tracklet(hit.tracklet)}", "/api/tracklets/${}")
    asked = set()
    for found in re.finditer(r'(\w*)\(?(["`])(/api/[^"`]*)\2(, \{ method: "POST")?', text):
        caller, _, path, is_post = found.groups()
        asked.add(("POST" if caller == "send" or is_post else "GET", re.sub(r"\$\{[^}]*\}", "0", path)))
    # That function's own piece is no whole address.
    return asked - {("GET", "/api/tracklets/0")}


def test_every_address_that_the_script_asks_for_is_answered_and_no_other_one_is_there():
    for package in ("fastapi", "uvicorn"):
        pytest.importorskip(package, reason="needs the extra `search`")
    from starlette.routing import Match

    routes = make_app(None, Access("a-token-of-sixteen-letters")).routes
    asked, reached = asked_for(), set()
    assert len(asked) >= 10
    for method, path in asked:
        scope = {"type": "http", "method": method, "path": path}
        answering = [route.path for route in routes if route.matches(scope)[0] == Match.FULL]
        assert len(answering) == 1, f"{method} {path}"
        reached.add((method, answering[0]))
    offered = {(m, r.path) for r in routes for m in r.methods - {"HEAD"} if r.path.startswith("/api/")}
    assert reached == offered


def test_what_the_script_touches_is_in_the_page():
    page = read_markup((PAGE / "search_page.html").read_text(encoding="utf-8"))
    ids = [element.attributes["id"] for element in page.below() if "id" in element.attributes]
    assert len(ids) == len(set(ids)) > 20
    text = script()
    touched = set(re.findall(r'(?:\$|\btime|getElementById)\("([\w-]+)"\)', text))
    touched.update(re.findall(r'["`]#([\w-]+)', text))
    for names in re.findall(r"for \(const id of \[(.*?)\]\)", text):
        touched.update(re.findall(r'"([\w-]+)"', names))
    assert len(touched) > 20
    assert touched <= set(ids)
    # Elements that the script makes itself, and looks for later.
    made, sought = (set(re.findall(form, text)) for form in (r"\bid: `([^`]+)`", r"\$\(`([^`]+)`\)"))
    assert sought
    assert sought <= made


@pytest.mark.skipif(NODE is None, reason="there is no Node.js")
@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_are_scripts(path):
    checked = subprocess.run([NODE, "--check", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
