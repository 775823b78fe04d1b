"""What the documents tell users to type exists."""

import json
import re
import shlex
import shutil
from importlib.metadata import metadata
from pathlib import Path

import pytest
from PIL import Image

from mindreid.cli import build_parser, main
from mindreid.config import WEIGHTS_REQUIRED, load_recipe
from mindreid.convert import SOURCES
from mindreid.report.tables.documents import update_documents
from mindreid.walkers import Walk, render_walk
from mindreid.zoo import DATASETS, list_models

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("models/*/README.md")),
    ROOT / "benchmarks/README.md",
]


def _commands(program):
    commands = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
            lines = [line for line in block.splitlines() if line.strip().startswith(program)]
            commands.extend(shlex.split(line, comments=True)[1:] for line in lines)
    return commands


#: Recipes that a document tells how to make; `tests/models/test_own_model.py` trains this one.
MADE_BY_READERS = {"tiny/walkers"}


@pytest.mark.parametrize("words", _commands("mindreid"), ids=" ".join)
def test_commands_are_understood(words):
    parsed = build_parser().parse_args(words)
    made = getattr(parsed, "config", None) in MADE_BY_READERS
    # A run's own recipe is there once it is trained.
    if getattr(parsed, "config", None) and not made and Path(parsed.config).name != "config.yaml":
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
    if recipe in MADE_BY_READERS:
        assert not given
        return
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_tests_exist(document):
    named = re.findall(r"`(test_\w+\.py)`", document.read_text(encoding="utf-8"))
    assert set(named) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}


@pytest.mark.parametrize("readme", ["README.md", "README_CN.md"])
def test_every_extra_and_every_source_of_checkpoints_is_named(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    extras = set(metadata("mindreid").get_all("Provides-Extra")) - {"all"}
    assert not [extra for extra in extras if f"| `{extra}` |" not in text]
    assert not [source for source in SOURCES if f"`{source}`" not in text]


def test_measured_tables_agree_with_the_result_files():
    assert update_documents(ROOT, check=True) == []


@pytest.mark.parametrize("model", list_models())
def test_every_card_says_what_the_audit_found(model):
    card = (ROOT / "models" / model / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"^### Ascend and GPU\n(.*?)\n## ", card, re.DOTALL | re.MULTILINE)
    for platform in ("Ascend", "GPU"):
        assert re.search(rf"^- {platform}, precision O0: \w", section, re.MULTILINE)


@pytest.fixture
def own_images(tmp_path, monkeypatch):
    """The section "Your own images": blocks of commands, in a folder with lists like its own and photos."""
    section = (
        (ROOT / "docs/data.md").read_text(encoding="utf-8").split("## Your own images")[1].split("\n## ")[0]
    )
    (listed,) = re.findall(r"```text\n(.*?)```", section, re.DOTALL)
    blocks = re.findall(r"```bash\n(.*?)```", section.replace("\\\n", " "), re.DOTALL)
    header, *lines = listed.splitlines()
    names = {line.split(",")[1] for line in lines}
    assert names == {"anna", "ben"}
    monkeypatch.chdir(tmp_path)
    Path("my_images/images").mkdir(parents=True)
    walks = [(pid, camid, f"{camid}.{frame}") for pid in range(12) for camid in (0, 1) for frame in (0, 1)]
    lists = {"train": [], "query": [], "gallery": []}
    for pid, camid, number in walks:
        name = ["anna", "ben"][pid] if pid < 2 else f"no. {pid}"
        path = f"images/{name}_{number}.jpg"
        frame = render_walk(1, Walk(pid + 1, camid=camid), 2, size=(64, 32))[int(number[-1])]
        Image.fromarray(frame.image).save(Path("my_images", path))
        split = "train" if pid >= 4 else "gallery" if number[-1] == "1" else "query"
        lists[split].append(f"{path},{name},{['door', 'hall'][camid]},shorts")
    for name, own in lists.items():
        Path("my_images", f"{name}.csv").write_text("\n".join([header, *own]) + "\n", encoding="utf-8")
    return [[shlex.split(line)[1:] for line in block.splitlines()] for block in blocks]


@pytest.mark.slow
def test_a_newcomers_own_images(own_images, capsys, tiny_mgn):
    (made,), (check, real, *later), (train,) = own_images
    assert (made[:2], check[:2]) == (["data", "list"], ["data", "check"])
    assert main(made) == 2
    assert "there is such a list already: my_images/train.csv" in capsys.readouterr().err
    # The small recipe takes the real one's place.
    assert set(train) - set(real) == {"mgn/walkers"}
    assert main(check) == 2
    out = capsys.readouterr().out
    assert "clothes_changing: none of 8 queries has a match" in out
    assert "--set 'evaluation.protocols=[standard, same_clothes]'" in out
    # Photos of people in their usual clothes need no such column.
    for name in ("train", "query", "gallery"):
        file = Path("my_images", f"{name}.csv")
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(line.rpartition(",")[0] for line in lines), encoding="utf-8")
    assert main(check) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "usable"
    assert main([*train, *tiny_mgn, "--set", "train.epochs=1"]) == 0
    Path("new_images").mkdir()
    shutil.copy(next(Path("my_images/images").iterdir()), "new_images")
    evaluate, export, infer = later
    assert main([*evaluate, "--json", "result.json"]) == main(export) == main(infer) == 0
    assert json.loads(Path("result.json").read_text())["dataset"]["name"] == "csv_list"
    ranking = Path("embeddings/ranking.csv").read_text(encoding="utf-8").splitlines()
    assert len(ranking) > 1
