"""The page of a run: whole, self-contained, true to the results, safe against what names hold."""

from __future__ import annotations

import json
import shutil

import pytest

from mindreid.cli import main
from mindreid.data.open_dataset import load_dataset
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.report.run_record import read_run
from mindreid.report.tables.published import rows_for
from tests.pages.page_reading import check_page

HOSTILE = "<script>alert('x')<&\">"


@pytest.fixture(scope="module")
def page(finished_run, tmp_path_factory):
    output = tmp_path_factory.mktemp("page") / "run.html"
    assert main(["report", "run", str(finished_run), "-o", str(output), "--queries", "3", "--top", "4"]) == 0
    return check_page(output)


def section(page, anchor):
    (found,) = page.find("section", id=anchor)
    return found


def test_every_section_is_there(page):
    anchors = [part.attributes["id"] for part in page.find("section")]
    expected = [
        "evaluation",
        "curves",
        "ranks",
        "pairs",
        "maps",
        "embedding",
        "data",
        "recipe",
        "environment",
    ]
    assert anchors == expected
    assert [link.attributes["href"] for link in page.find("a")] == [f"#{anchor}" for anchor in expected]


def test_figures_are_those_of_an_evaluation(page, finished_run):
    run = read_run(finished_run)
    results = EvaluationRun(run.recipe, run.checkpoint).evaluate()
    rows = {row[0]: row for row in section(page, "evaluation").rows()[1:]}
    published = rows_for("mgn", load_dataset("market1501", str(run.recipe.dataset.root)), results)
    assert list(rows) == [*results, *(f"{row.method or 'published'}: {row.origin}" for row in published)]
    assert rows["published: the paper, table 2"][3] == "95.70"
    for name, result in results.items():
        names = ("rank1", "rank5", "rank10", "mAP", "mINP")
        figures = [f"{100 * result.figures()[figure]:.2f}" for figure in names]
        assert rows[name][3:8] == figures
        assert rows[name][8:] == [f"{result.valid_queries} of {result.queries}", str(result.gallery)]


def test_a_chart_for_every_term_ends_with_its_last_value(page, finished_run):
    last = json.loads((finished_run / "metrics.jsonl").read_text().splitlines()[-1])
    captions = [caption.text for caption in section(page, "curves").find("figcaption")]
    expected = {
        "loss, the weighted sum": last["loss"],
        **last["terms"],
        "learning rate": last["rates"]["network"],
    }
    for caption, (name, value) in zip(captions, expected.items()):
        assert caption.replace(" :", ":") == f"{name}: {value:.4g} at the end"
    assert len(captions) == len(expected)


def test_evaluations_on_the_way_are_drawn_once_there_are_two(stored_run, tmp_path):
    run, output = stored_run("evaluated"), tmp_path / "page.html"
    shown = []
    for epoch, rank1 in enumerate((0.25, 0.5)):
        row = {"epoch": epoch, "step": epoch + 1, "results": {"standard": {"rank1": rank1}}}
        with (run / "evaluations.jsonl").open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        assert main(["report", "run", str(run), "-o", str(output), "--without-network"]) == 0
        captions = [caption.text for caption in section(check_page(output), "curves").find("figcaption")]
        shown.append([caption for caption in captions if "as evaluated" in caption])
    assert shown == [[], ["rank-1 in per cent, as evaluated : 50 at the end"]]


def test_rank_lists_have_marks_scores_and_words_besides_colours(page):
    ranks = section(page, "ranks")
    (first, *_) = ranks.find("div", class_="ranked")
    assert "AP 0." in first.text or "AP 1." in first.text
    marks = {"hit match": "✓", "hit other": "✗", "hit junk": "–"}
    words = {"hit match": "the same person", "hit other": "another person", "hit junk": "junk"}
    hits = [hit for kind in marks for hit in ranks.find("figure", class_=kind)]
    assert {hit.attributes["class"] for hit in hits} == set(marks)
    for hit in hits:
        kind = hit.attributes["class"]
        assert hit.text.startswith(marks[kind])
        (image,) = hit.find("img")
        assert words[kind] in image.attributes["alt"]
        assert "similarity" in image.attributes["alt"]


def test_maps_of_every_branch_and_a_plane_by_person_and_camera(page):
    maps = section(page, "maps")
    assert {caption.text for caption in maps.find("figcaption")} == {"input", "global", "halves", "thirds"}
    plane = section(page, "embedding")
    assert [chart.attributes["class"] for chart in plane.find("svg")] == ["plane person", "plane camera"]
    for chart in plane.find("svg"):
        assert len(chart.find("title")) == 24
    assert [box.attributes.get("checked") for box in plane.find("input")] == ["", None]


def test_the_recipe_is_compared_with_its_base(page):
    differences = {row[0]: row[1:] for row in section(page, "recipe").rows()[1:]}
    assert differences["train.epochs"][1] == "2"
    assert differences["model.network.width"][1] == "0.125"
    assert "mindspore" in section(page, "environment").text


def test_names_from_outside_stay_text(own_run, market, tmp_path):
    root = shutil.copytree(market, tmp_path / HOSTILE)
    folder = own_run(f"run {HOSTILE}")
    output = tmp_path / "run.html"
    arguments = ["report", "run", str(folder), "--root", str(root), "-o", str(output), "--without-network"]
    assert main(arguments) == 0
    page = check_page(output)
    assert HOSTILE in page.find("h1")[0].text
    assert HOSTILE in section(page, "data").text
    assert "<script>alert" not in output.read_text()


def test_without_the_network_the_figures_are_those_of_the_training(own_run, tmp_path):
    output = tmp_path / "run.html"
    folder = own_run("quick")
    assert main(["report", "run", str(folder), "-o", str(output), "--without-network"]) == 0
    page = check_page(output)
    assert not page.find("section", id="ranks")
    stored = read_run(folder).description.metrics["standard"]
    assert section(page, "evaluation").rows()[1][3] == f"{100 * stored['rank1']:.2f}"


def test_a_run_that_has_saved_nothing_has_a_page(own_run, tmp_path):
    folder, output = own_run("young"), tmp_path / "run.html"
    for name in ("last.ckpt", "metrics.jsonl"):
        (folder / name).unlink()
    assert main(["report", "run", str(folder), "-o", str(output)]) == 0
    assert "No step has been made yet" in section(check_page(output), "curves").text


def test_what_cannot_be_shown_is_said(own_run, tiny_market, tmp_path):
    """A training image that can't be read, and a dataset that isn't there."""
    output = tmp_path / "run.html"
    first = min((tiny_market / "bounding_box_train").iterdir())
    first.write_bytes(b"no image")
    command = ["report", "run", str(own_run("run")), "-o", str(output), "--without-network", "--root"]
    assert main([*command, str(tiny_market)]) == 0
    assert first.name in section(check_page(output), "data").text
    assert main([*command, str(tmp_path / "nowhere")]) == 0
    assert "can't be opened" in section(check_page(output), "data").text


@pytest.mark.parametrize("damage", ["nothing", "line", "checkpoint", "option", "named"])
def test_bad_input_is_one_error_and_leaves_no_page(damage, own_run, tmp_path, capsys):
    folder, output = own_run("bad"), tmp_path / "run.html"
    arguments = ["report", "run", str(folder), "-o", str(output)]
    if damage == "nothing":
        shutil.rmtree(folder)
    elif damage == "line":
        (folder / "metrics.jsonl").write_text('{"epoch": 0}\n')
    elif damage == "checkpoint":
        (folder / "last.ckpt").write_bytes((folder / "last.ckpt").read_bytes()[:-100])
    elif damage == "option":
        arguments += ["--set", "evaluation.protocols=[nobodys]"]
    else:
        arguments += ["--checkpoint", str(tmp_path / "missing.ckpt")]
    capsys.readouterr()
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert not output.exists()
