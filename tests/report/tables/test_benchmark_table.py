"""The table of all benchmarks leaves none out, and shows of each what its result file says."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest

from mindreid.report.tables.benchmark_figures import convolutions
from mindreid.report.tables.benchmark_table import BENCHMARKS, NOT_RECORDED, benchmark_table
from mindreid.report.tables.result_files import ResultFiles

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "benchmarks"


def rows_of(results):
    lines = benchmark_table(ResultFiles(results)).splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def is_program(path):
    """Tell whether a module does something when it is run."""
    tests = (
        node.test for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.If)
    )
    return any("__main__" in ast.unparse(test) for test in tests)


def test_every_program_is_listed():
    programs = {path.stem for path in FOLDER.glob("*.py") if is_program(path)}
    _, table, parts = (FOLDER / "README.md").read_text(encoding="utf-8").split("<!-- ")
    listed = {benchmark.script for benchmark in BENCHMARKS}
    assert listed <= programs
    assert all(f"({script}.py)" in table for script in listed)
    assert sorted(programs - listed) == sorted(
        name for name in programs if f"`{name}.py`" in parts.split(" are ")[0]
    )


def test_every_stored_result_has_a_row():
    stored = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["command"].split()
        for path in (ROOT / "results").glob("*.json")
    }
    rows = {benchmark.result: f"benchmarks/{benchmark.script}.py" for benchmark in BENCHMARKS}
    assert len(rows) == len(BENCHMARKS)
    for name, (program, script, *_) in stored.items():
        if program == "python":
            assert rows[name] == script


def test_what_is_stored_is_shown_with_its_origin():
    for benchmark, row in zip(BENCHMARKS, rows_of(ROOT / "results")):
        path = ROOT / "results" / f"{benchmark.result}.json"
        assert len(row) == 7
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            assert any(character.isdigit() for character in row[3])
            assert row[4] == f"`{content['command']}`"
            assert f"load {content['host']['load_average_1min']:.1f}" in row[5]
            assert content["measured_at"].startswith(row[6])
        else:
            assert row[3:] == [NOT_RECORDED, f"`{benchmark.command}`", "", ""]


@pytest.mark.parametrize("kept", ["fine_grained_clustering"])
def test_figures_are_those_of_the_file(tmp_path, kept):
    shutil.copy(ROOT / "results" / f"{kept}.json", tmp_path)
    content = json.loads((tmp_path / f"{kept}.json").read_text(encoding="utf-8"))
    content["figures"]["speedup_of_medians"]["cluster_persons"] = 12.34
    content["host"].update(processor="Some CPU", cores=1, memory_gib=7.6, load_average_1min=0.25)
    (tmp_path / f"{kept}.json").write_text(json.dumps(content), encoding="utf-8")
    recorded = [row for row in rows_of(tmp_path) if row[3] != NOT_RECORDED]
    (row,) = recorded
    assert row[3] == "12.3 times faster"
    assert row[5] == "Some CPU, 1 core, 8 GiB, load 0.2"


def test_of_convolutions_the_commonest_kernel_is_told():
    def one(count, theirs):
        sides = (
            {"kernel": theirs, "layout": "aBcd16b", "onednn": "3"},
            {"kernel": "gemm:jit", "layout": "abcd", "onednn": "2"},
        )
        return {"count": count, "torch": sides[0], "mindspore": sides[1]}

    figures = {"ratio": 1.126, "convolutions": [one(2, "jit_1x1"), one(3, "jit"), one(2, "jit_1x1")]}
    assert convolutions(figures) == (
        "MGN's: 1.13 times the time; PyTorch (oneDNN 3) jit_1x1 on aBcd16b 4 of 7 times; "
        "MindSpore (oneDNN 2) gemm:jit on abcd 7 of 7 times"
    )
