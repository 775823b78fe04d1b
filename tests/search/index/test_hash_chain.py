"""The log: what was changed afterwards is seen."""

import json

import pytest

from mindreid.errors import DataError
from mindreid.search.index.hash_chain import LogFile, verify_chain


@pytest.fixture
def log(tmp_path):
    log = LogFile(tmp_path / "log.jsonl")
    for number in range(5):
        log.append("find", {"reason": f"case {number} · ü", "hits": number})
    return log


def check(log):
    return verify_chain(log.lines(), "log")[0]


def test_a_log_tells_who_did_what_and_when(log):
    entries = log.entries()
    assert [entry["hits"] for entry in entries] == [0, 1, 2, 3, 4]
    assert all(entry["user"] and entry["time"].endswith("+00:00") for entry in entries)
    assert check(log) == 5


@pytest.mark.parametrize("line", range(4))
def test_a_changed_a_missing_and_an_inserted_line_are_seen(log, line):
    lines = log.path.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = json.loads(lines[line])
    changed["reason"] = "another"
    for damaged in (
        [*lines[:line], json.dumps(changed) + "\n", *lines[line + 1 :]],
        [*lines[:line], *lines[line + 1 :]],
        [*lines[:line], lines[line], *lines[line:]],
        [*lines[:line], "no JSON\n", *lines[line + 1 :]],
    ):
        log.path.write_text("".join(damaged), encoding="utf-8")
        with pytest.raises(DataError, match="line"):
            check(log)


def test_a_half_written_line_gives_way_to_the_next(log):
    whole = log.path.read_bytes()
    with log.path.open("ab") as stream:
        stream.write(b'{"time": "2026')
    assert check(log) == 5
    log.append("find", {"reason": "x" * 10_000, "hits": 5})
    log.append("find", {"hits": 6})
    assert log.path.read_bytes().startswith(whole)
    assert check(log) == 7


def test_an_empty_log(tmp_path):
    log = LogFile(tmp_path / "log.jsonl")
    assert (log.entries(), check(log)) == ([], 0)
