"""Tracklets are labelled by hand: a list of them is filled in, and what can't be in it is told."""

import base64
import csv
import json
import re
import shutil
import subprocess

import pytest

from mindreid.search.index import open_index
from mindreid.search.label_sheet import _SCRIPT
from tests.commands.search.two_cameras import content, run

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")


def fill_in(sheet, names, delimiter=","):
    """Do what somebody does with a spreadsheet."""
    with sheet.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    for row in rows:
        row[1] = names.get(row[0], "")
    with sheet.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_is_filled_in_and_measured_with(index, tmp_path, capsys, delimiter):
    sheet = tmp_path / "sheet.csv"
    assert run("label", index, "--sheet", sheet, "--reason", "case 7") == 0
    rows = list(csv.DictReader(sheet.open()))
    held = content(index)
    assert {row["tracklet"] for row in rows} == set(held)
    assert [row["camera"] for row in rows] == ["gate", "gate", "hall", "hall"]
    for row in rows:
        start, _, crops = held[row["tracklet"]]
        assert row["person"] == ""
        assert row["from"] == start.isoformat(timespec="seconds")
        with open(row["picture"], "rb") as file:
            assert file.read() == crops[0]
    assert sheet.stat().st_mode & 0o077 == 0
    entry = open_index(index).log()[-1]
    assert (entry["action"], entry["tracklets"], entry["reason"]) == ("label", 4, "case 7")
    names = dict(zip([row["tracklet"] for row in rows], ["anna, B", "cleo", "dora"]))
    fill_in(sheet, {**names, rows[2]["tracklet"]: "anna, B"}, delimiter)
    assert run("eval", index, "--labels", sheet, "--json", tmp_path / "figures.json") == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["mated"], figures["nonmated"]) == (2, 2)


def test_a_page_shows_everybody_who_passes_the_filters(index, tmp_path, capsys):
    page = tmp_path / "sheet.html"
    assert run("label", index, "--sheet", page, "--camera", "hall") == 0
    assert "2 tracklets" in capsys.readouterr().out
    text = page.read_text()
    hall = [tracklet for tracklet in open_index(index).tracklets() if tracklet.camera == "hall"]
    assert re.findall(r'data-tracklet="([^"]+)"', text) == [tracklet.id for tracklet in hall]
    shown = {base64.b64decode(found) for found in re.findall(r"data:image/jpeg;base64,([^\"]+)", text)}
    assert open_index(index).read_crop(hall[0].crops[0]) in shown
    assert "http" not in text


def test_the_page_saves_what_calibrate_reads(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    fields = [["a-00001", " anna "], ["a-00002", ""], ["a-00003", 'bert, "b"']]
    stubs = f"""
    const fields_ = {json.dumps(fields)}.map(([id, value]) => ({{ dataset: {{ tracklet: id }}, value }}));
    const element = {{ addEventListener() {{}} }};
    const addEventListener = () => {{}};
    const document = {{ querySelectorAll: () => fields_, getElementById: () => element, addEventListener }};
    """
    show = "process.stdout.write(tableOf(names()));"
    done = subprocess.run([node, "-e", stubs + _SCRIPT + show], capture_output=True, check=True)
    (tmp_path / "labels.csv").write_bytes(done.stdout)
    from mindreid.search.labels import read_labels

    assert read_labels(tmp_path / "labels.csv") == {"a-00001": "anna", "a-00003": 'bert, "b"'}


def test_ids_that_are_of_no_recording_are_named_with_their_lines(index, tmp_path, capsys):
    ids = sorted(content(index))
    labels = tmp_path / "labels.csv"
    for wrong in ("typo", f"{'0' * 16}-00000", ids[0][:-6]):
        lines = [f"{name},{number % 2}" for number, name in enumerate([*ids, "", wrong])]
        labels.write_text("\n".join(["tracklet,person", *lines[:4], "", lines[5], ""]))
        capsys.readouterr()
        assert run("eval", index, "--labels", labels) == 2
        assert f"1 labelled tracklets are of no recording of this index: {wrong} (line 7)" in (
            capsys.readouterr().err
        )


def test_what_the_list_is_not(scene, index, tmp_path, capsys):
    truth = ["--truth", f"hall={scene / 'hall.mp4.json'}"]
    for words, expected in (
        ([], "--sheet FILE.html, or --truth"),
        (["--sheet", tmp_path / "s.csv", *truth], "--sheet FILE.html, or --truth"),
        (truth, "with --output"),
        (["--sheet", tmp_path / "s.txt"], "name it .html or .csv"),
        (["--sheet", tmp_path / "s.csv", "--after", "2026-11-02T00:00Z"], "no tracklet to label"),
        (["--sheet", tmp_path / "s.csv", "--before", "2026-10-31T00:00Z"], "no tracklet to label"),
        ([*truth, "--output", tmp_path / "l.csv", "--camera", "hall"], "are for --sheet"),
    ):
        capsys.readouterr()
        assert run("label", index, *words) == 2, words
        assert expected in capsys.readouterr().err, words


def test_hits_name_their_best_pictures(scene, index, capsys):
    assert run("find", index, "--image", scene / "2.png", "--json") == 0
    hit = json.loads(capsys.readouterr().out)["hits"][0]
    with open(hit["picture"], "rb") as file:
        assert file.read() == content(index)[hit["tracklet"]][2][0]
    assert run("find", index, "--image", scene / "2.png") == 0
    assert f"{index}/crops/{hit['crops'][0]}" in capsys.readouterr().out
