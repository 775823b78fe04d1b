"""What the documents tell users to type exists."""

import re
import shlex
from pathlib import Path

import pytest

from mindreid.cli import build_parser
from mindreid.config import WEIGHTS_REQUIRED, load_recipe
from mindreid.report.tables.documents import update_documents
from mindreid.zoo import DATASETS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("models/*/README.md")),
]


def _commands(program):
    commands = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
            lines = [line for line in block.splitlines() if line.strip().startswith(program)]
            commands.extend(shlex.split(line, comments=True)[1:] for line in lines)
    return commands


@pytest.mark.parametrize("words", _commands("mindreid"), ids=" ".join)
def test_commands_are_understood(words):
    parsed = build_parser().parse_args(words)
    if getattr(parsed, "config", None):
        load_recipe(parsed.config, getattr(parsed, "overrides", []))
    for option in ("name", "layout"):
        assert getattr(parsed, option, "market1501") in DATASETS


@pytest.mark.parametrize(
    "words",
    [w for w in (*_commands("mindreid"), *_commands("bash")) if {"train", "scripts/run_standalone_train.sh",
     "scripts/run_distribute_train.sh"} & set(w[:1]) and "--resume" not in w],
    ids=" ".join,
)  # fmt: skip
def test_training_from_imagenet_weights_names_them(words):
    recipe = words[words.index("--config") + 1] if "--config" in words else words[2]
    given = [word for word in words if word.startswith("train.init_weights=")]
    assert bool(given) == (load_recipe(recipe).train.init_weights == WEIGHTS_REQUIRED)


@pytest.mark.parametrize("words", _commands("bash"), ids=" ".join)
def test_scripts_exist(words):
    assert (ROOT / words[0]).is_file()


def _anchors(document):
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


def _leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    goal = document.parent / path if path else document
    return goal.exists() and (not anchor or anchor in _anchors(goal))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if not _leads_somewhere(document, target)] == []


def test_measured_tables_agree_with_the_result_files():
    assert update_documents(ROOT, check=True) == []
