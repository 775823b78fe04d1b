"""Tables in documents: made of the result files and nothing else, and checked against them."""

import json
import shutil
from pathlib import Path

import pytest

from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.errors import DataError
from mindreid.report.tables.documents import update_documents
from mindreid.report.tables.figure_texts import NO_DATA

ROOT = Path(__file__).resolve().parents[3]
README = """# Title

<!-- table: models -->
<!-- end of table -->

between

<!-- table: speed -->
<!-- end of table -->
"""
CARD = (
    "<!-- table: published -->\n<!-- end of table -->\n<!-- table: performance -->\n<!-- end of table -->\n"
)


@pytest.fixture
def checkout(tmp_path):
    """A README, a model card and the result files of this project."""
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "models" / "mgn").mkdir(parents=True)
    (tmp_path / "models" / "mgn" / "README.md").write_text(CARD)
    shutil.copytree(ROOT / "results", tmp_path / "results")
    return tmp_path


def evaluation(recipe="mgn/market1501", generated=None, **figures):
    """What ``mindreid eval --json`` writes."""
    standard = {"rank1": 0.951, "mAP": 0.8712, "rerank": False, **figures}
    return {
        "dataset": {"name": "market1501", "variant": "", "generated": generated},
        "recipe": load_recipe(recipe).as_dict(),
        "results": {"standard": standard},
    }


def figures(root, name, content):
    """Write what a benchmark would."""
    (root / "results" / f"{name}.json").write_text(json.dumps({"figures": content}))


def spread(mean, std=0.0):
    return {"mean": mean, "std": std}


def row_of(document, start):
    return next(line for line in document.read_text().splitlines() if line.startswith(start))


def test_tables_are_rebuilt_and_the_rest_is_kept(checkout):
    changed = update_documents(checkout)
    assert [path.name for path in changed] == ["README.md", "README.md"]
    text = (checkout / "README.md").read_text()
    assert text.startswith("# Title\n")
    assert "\nbetween\n" in text
    line = row_of(checkout / "README.md", "| [mgn](models/mgn/README.md) | Market-1501 | `mgn/market1501`")
    assert line.endswith("| 95.7 / 86.9 |")
    assert "measured" not in text
    assert update_documents(checkout) == []


def test_a_measured_result_takes_its_place(checkout):
    (checkout / "results" / "eval_market.json").write_text(json.dumps(evaluation()))
    update_documents(checkout)
    line = row_of(checkout / "README.md", "| [mgn](models/mgn/README.md) | Market-1501 | `mgn/market1501`")
    assert line.endswith("| 95.7 / 86.9 | 95.1 / 87.12 |")
    line = row_of(checkout / "README.md", "| [cal](models/cal/README.md) | PRCC")
    assert line.endswith(f"| {NO_DATA} |")
    line = row_of(checkout / "models/mgn/README.md", "| Market-1501 | no | the paper's | 95.7 / 86.9")
    assert line.endswith("| 95.1 / 87.12 |")
    assert row_of(checkout / "models/mgn/README.md", "| Market-1501 | yes | the paper's").endswith(
        f"{NO_DATA} |"
    )
    # The port's row has a recipe, whose network is another one.
    assert row_of(checkout / "models/mgn/README.md", "| Market-1501 | no | MGN-pytorch").endswith(
        f"{NO_DATA} |"
    )


@pytest.mark.parametrize(
    "content",
    [evaluation(generated="generated walkers"), evaluation("mgn/walkers"), evaluation(rerank=True)],
    ids=["generated", "another network", "re-ranked"],
)
def test_what_does_not_compare_is_not_shown(checkout, content):
    (checkout / "results" / "eval.json").write_text(json.dumps(content))
    update_documents(checkout)
    assert "measured" not in (checkout / "README.md").read_text()
    line = row_of(checkout / "models/mgn/README.md", "| Market-1501 | no | the paper's | 95.7 / 86.9")
    assert line.endswith((f"{NO_DATA} |", "| the paper, table 2 |"))


def test_a_disagreement_is_found_and_mended(checkout, capsys):
    update_documents(checkout)
    path = checkout / "results" / "ranking.json"
    content = json.loads(path.read_text())
    content["figures"]["ranking"]["speedup_of_medians"] = 123.45
    path.write_text(json.dumps(content))
    command = ["report", "tables", "--root", str(checkout)]
    assert main([*command, "--check"]) == 2
    assert "tables disagree with results/" in capsys.readouterr().err
    assert "123.5" not in (checkout / "README.md").read_text()
    assert main(command) == 0
    assert "123.5 times faster" in (checkout / "README.md").read_text()
    assert main([*command, "--check"]) == 0


def test_what_was_not_benchmarked_says_so(checkout):
    (checkout / "results" / "train_step.json").unlink()
    (checkout / "results" / "ranking.json").unlink()
    update_documents(checkout)
    for line in (checkout / "README.md").read_text().splitlines():
        if "| PyTorch |" in line or "NumPy" in line:
            assert line.endswith("| not run here |")


def test_tables_of_experiments(checkout):
    names = ("mined_classes", "gait_or_clothes", "gait_pets09")
    card = checkout / "models/mgn/README.md"
    card.write_text("".join(f"<!-- table: {name} -->\n<!-- end of table -->\n" for name in names))
    for name in names:
        (checkout / "results" / f"{name}.json").unlink(missing_ok=True)
    update_documents(checkout)
    assert card.read_text().count("not run here") == 3

    agreement = (
        "nmi_outfit",
        "nmi_outfit_within_persons",
        "nmi_outfit_view",
        "nmi_outfit_view_within_persons",
    )
    row = {"epoch": 9, "classes": spread(120.4), "outliers": spread(0.0)}
    row.update({key: spread(0.1 * number, 0.01) for number, key in enumerate(agreement, 1)})
    figures(checkout, "mined_classes", {"arms": {"full": [row]}})
    protocols = {"CL reid": spread(0.5, 0.1), "CL gait": spread(0.25), "CL gait, same view": spread(0.3)}
    silhouettes = {protocol: {"rank1": value} for protocol, value in protocols.items()}
    compared = {"seeds": [1, 2], "summary": {"gait": silhouettes}}
    figures(checkout, "gait_or_clothes", compared)
    real = {"rank1": 0.6, "chance": 0.152, "interval_95": {"rank1": [0.45, 0.75]}}
    figures(checkout, "gait_pets09", {"networks": {"trained": real}})
    update_documents(checkout)
    assert (
        row_of(card, "| full ")
        == "| full | 9 | 120 | 0 | 0.10 ± 0.01 | 0.20 ± 0.01 | 0.30 ± 0.01 | 0.40 ± 0.01 |"
    )
    assert row_of(card, "| input ") == "| input | CL reid | CL gait |"
    assert row_of(card, "| gait ") == "| gait | 50.0 ± 10.0 | 25.0 ± 0.0 |"
    assert row_of(card, "| trained ") == "| trained | 60.0 | 45.0 | 75.0 | 15.2 |"

    figures(checkout, "gait_or_clothes", {**compared, "seeds": [1]})
    update_documents(checkout)
    assert row_of(card, "| gait ") == "| gait | 50.0 | 25.0 |"


def test_what_every_method_learns(checkout):
    readme = checkout / "README.md"
    readme.write_text("<!-- table: methods -->\n<!-- end of table -->\n")
    (checkout / "results" / "methods.json").unlink(missing_ok=True)
    update_documents(checkout)
    assert "not run here" in readme.read_text()
    own = {
        "recipe": "mgn/walkers",
        "protocol": "standard",
        "untrained": {"rank1": spread(0.1, 0.01), "mAP": spread(0.05)},
        "trained": {"rank1": spread(0.9, 0.02), "mAP": spread(0.8)},
        "gain": {"rank1": spread(0.8, 0.02), "mAP": spread(0.75)},
    }
    figures(checkout, "methods", {"seeds": [1, 2, 3], "methods": {"mgn": own}})
    update_documents(checkout)
    assert row_of(readme, "| `mgn/walkers`").endswith(
        "| standard | 10.0 ± 1.0 / 5.0 ± 0.0 | 90.0 ± 2.0 / 80.0 ± 0.0 | 80.0 ± 2.0 / 75.0 ± 0.0 | 40.0 |"
    )


def test_the_telling_figures_are_those_of_the_experiments(checkout):
    readme = checkout / "README.md"
    readme.write_text("<!-- table: telling -->\n<!-- end of table -->\n")
    overrides = ["model.objective.epsilon=1", "dataset.views={data}/views.csv"]
    own = {"recipe": "cal/walkers", "overrides": overrides}
    arms = {name: own for name in ("identity loss only", "CAL", "VAL")}  # noqa: C420 - never changed
    measured = {"clothes_changing": {"rank1": spread(0.5, 0.1), "mAP": spread(0.25)}}
    figures(checkout, "learning_clothes", {"arms": arms, "summary": dict.fromkeys(arms, measured)})
    (checkout / "results" / "learning_fire.json").unlink()
    update_documents(checkout)
    assert row_of(readme, "| clothes changed").endswith(
        "| identity loss only: 50.0 ± 10.0 / 25.0 ± 0.0 | CAL: 50.0 ± 10.0 / 25.0 ± 0.0 "
        "| `cal/walkers`, `model.objective.epsilon=1` |"
    )
    assert readme.read_text().count("not run here") == 2


def test_tables_of_the_documents_in_docs(checkout):
    page = checkout / "docs" / "mixed_precision.md"
    page.parent.mkdir()
    page.write_text("<!-- table: mixed_precision -->\n<!-- end of table -->\n")
    (checkout / "results" / "mixed_precision.json").unlink(missing_ok=True)
    update_documents(checkout)
    assert "not run here" in page.read_text()

    half = {"values": [2.0, 1.5], "relative_difference": 0.0123}
    methods = {"mgn": {"softmax": {"O0": [2.0, 1.51], "O2": half, "auto": half}}}
    figures(checkout, "mixed_precision", {"steps": 2, "methods": methods})
    update_documents(checkout)
    assert row_of(page, "| method ") == "| method | term | O0 | O2 | auto |"
    assert row_of(page, "| mgn ") == "| mgn | softmax | 1.51000 | 1.50000 (1.2 %) | 1.50000 (1.2 %) |"


def test_the_audit_groups_operators_by_problem(checkout):
    page = checkout / "docs" / "deployment.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text("<!-- table: audit -->\n<!-- end of table -->\n")
    wide = [{"operator": name, "problem": "int64 on the device"} for name in ("Argmax", "Cast", "Argmax")]
    counts = {"operators": {"training": 12, "inference": 5}}
    audits = {"Ascend": {"findings": [], **counts}, "GPU": {"findings": wide, **counts}}
    figures(checkout, "audit", {"methods": {"mgn": {"recipe": "mgn/smoke", "levels": {"O0": audits}}}})
    update_documents(checkout)
    assert row_of(page, "| mgn ") == "| mgn | O0 | 12, 5 | nothing | int64 on the device: `Argmax`, `Cast` |"


def test_a_card_has_its_own_audit_by_phase(checkout):
    card = checkout / "models/mgn/README.md"
    card.write_text("<!-- table: audit -->\n<!-- end of table -->\n")
    found = [{"phase": "training", "operator": "Cast", "problem": "int64 on the device"}]
    counts = {"operators": {"training": 12, "inference": 5}}
    levels = {"O0": {"Ascend": {"findings": [], **counts}, "GPU": {"findings": found, **counts}}}
    figures(checkout, "audit", {"methods": {"mgn": {"recipe": "mgn/smoke", "levels": levels}}})
    update_documents(checkout)
    assert card.read_text().splitlines()[1:-1] == [
        "- Ascend, precision O0: nothing",
        "- GPU, precision O0: Training: int64 on the device: `Cast`. Inference: nothing",
    ]
    figures(checkout, "audit", {"methods": {}})
    update_documents(checkout)
    assert card.read_text().splitlines()[1:-1] == ["not run here"]


def test_what_was_learnt_is_one_table_for_each_experiment(checkout):
    for path in (checkout / "results").glob("learning_*.json"):
        path.unlink()
    card = checkout / "models/mgn/README.md"
    card.write_text("<!-- table: learning -->\n<!-- end of table -->\n")
    update_documents(checkout)
    assert "not run here" in card.read_text()

    arms = {"untrained": {"recipe": "mgn/walkers"}, "trained": {"recipe": "mgn/pets09"}}
    measured = {"standard": {"rank1": spread(0.5, 0.1), "mAP": spread(0.25), "mINP": spread(0.1)}}
    own = {"title": "walkers", "seeds": [1, 2, 3], "arms": arms, "summary": dict.fromkeys(arms, measured)}
    figures(checkout, "learning_walkers", own)
    figures(checkout, "learning_others", {**own, "arms": {"CAL": {"recipe": "cal/walkers"}}})
    update_documents(checkout)
    assert card.read_text().splitlines()[1:-1] == [
        "*walkers*, 3 seeds, `mgn/walkers`, `mgn/pets09`",
        "",
        "| rank-1 / mAP | untrained | trained |",
        "| --- | --- | --- |",
        "| standard | 50.0 ± 10.0 / 25.0 ± 0.0 | 50.0 ± 10.0 / 25.0 ± 0.0 |",
    ]


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda root: shutil.rmtree(root / "results"), "there is no folder of results"),
        (lambda root: (root / "results" / "walkers.json").write_text("{"), "no JSON file"),
        (
            lambda root: (root / "README.md").write_text(README.replace("speed", "speeed")),
            "there is no table 'speeed'",
        ),
    ],
)
def test_errors_are_explained(checkout, break_it, message):
    break_it(checkout)
    with pytest.raises(DataError, match=message):
        update_documents(checkout)
