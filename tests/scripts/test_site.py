"""The documentation builds as a site without a warning, from this checkout alone, and opens from disk."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("mkdocs", reason="needs the extra `docs`")

ROOT = Path(__file__).resolve().parents[2]
#: Commands that need nothing: other tests run them, or what they do.
RUN_BY_TESTS = (
    "bash scripts/quickstart.sh",
    "bash scripts/run_tests.sh",
    "bash scripts/setup.sh",
    "source .venv/bin/activate",
    "mindreid data synthesize",
    "mindreid data film",
)


@pytest.fixture(scope="module")
def site_pages():
    specification = importlib.util.spec_from_file_location("site_pages", ROOT / "scripts" / "site_pages.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def pages_of(entries):
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            (content,) = entry.values()
            yield from pages_of([content] if isinstance(content, str) else content)


def test_every_page_of_the_navigation_and_every_card_is_there(site):
    navigation = re.sub(r"hooks:.*", "", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    wanted = [page.replace(".md", ".html") for page in pages_of(yaml.safe_load(navigation)["nav"])]
    wanted += [f"models/{card.parent.name}/index.html" for card in (ROOT / "models").glob("*/README.md")]
    assert [page for page in wanted if not (site / page).is_file()] == []
    assert "evaluate_ranking" in (site / "api" / "metrics.html").read_text(encoding="utf-8")


def test_pages_ask_for_nothing_from_elsewhere(site):
    asked = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"https?://[^\"]+")
    found = {page.name: asked.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: urls for name, urls in found.items() if urls} == {}


def test_links_between_pages_lead_somewhere(site):
    link = re.compile(r"<a[^>]+href=\"(?!\w+:)([^\"#?]+)")
    broken = [
        (page.name, target)
        for page in site.rglob("*.html")
        if page.name != "404.html"
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_commands_were_run_by_a_test_or_say_what_they_need(site_pages):
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    documents += ROOT.glob("models/*/README.md")
    unmarked = [
        line.strip()
        for document in documents
        for block in re.findall(r"```bash\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
        if not site_pages.needs(block.replace("\\\n", " "))
        for line in block.splitlines()
        if line.strip()
    ]
    assert unmarked
    assert [line for line in unmarked if not line.startswith(RUN_BY_TESTS)] == []
