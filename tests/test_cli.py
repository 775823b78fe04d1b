"""The command line: exit codes, one-line errors, and the commands that need no training."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mindreid.cli import build_parser, main


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "--config", "mgn/markt1501"],
            "there is no recipe 'mgn/markt1501' (did you mean 'mgn/market1501'?)",
        ),
        (["train"], "train needs --config"),
        (
            ["train", "--config", "mgn/market1501", "--root", "nowhere"],
            "the dataset's folder is not there: nowhere",
        ),
        (["train", "--config", "mgn/market1501", "--set", "train.epoch=1"], "did you mean 'epochs'?"),
        (["train", "--resume", "nowhere"], "nowhere"),
        (
            ["eval", "--config", "mgn/market1501", "--untrained", "--dataset", "cuhk03"],
            "--dataset needs --root",
        ),
        (
            ["data", "check", "--name", "market", "--root", "."],
            "no dataset 'market' (did you mean 'market1501'?)",
        ),
        (["train", "--config", "mgn/market1501", "--set", "device.target=Ascend"], "can't use Ascend"),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_exit_code_2(capsys, arguments, message):
    code, _, err = run(capsys, *arguments)
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 2
    assert len(errors) == 1
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("root", ["a: b", "#1", "7", "1e5", "数据", "{x"])
def test_a_folder_of_any_name_is_found(root, tmp_path, monkeypatch, capsys):
    """Relative names, which YAML would read as mappings, comments or numbers."""
    monkeypatch.chdir(tmp_path)
    for options in ([], ["--dataset", "ltcc"]):
        code, _, err = run(
            capsys, "eval", "--config", "mgn/market1501", "--untrained", "--root", root, *options
        )
        assert code == 2
        assert f"the dataset's folder is not there: {root}. Fix:" in err


def test_debug_shows_the_traceback():
    command = [sys.executable, "-m", "mindreid", "--debug", "train", "--config", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ConfigError" in done.stderr


def test_synthesize_then_check(capsys, tmp_path):
    root = tmp_path / "walkers"
    code, _, err = run(
        capsys, "data", "synthesize", "--root", root, "--ids", 4, "--frames", 2, "--cameras", 2
    )
    assert code == 0, err
    code, out, _ = run(capsys, "data", "check", "--name", "market1501", "--root", root, "--images")
    assert code == 0
    assert "generated walkers" in out
    (next((root / "query").iterdir())).write_bytes(b"broken")
    code, out, err = run(capsys, "data", "check", "--name", "market1501", "--root", root, "--images")
    assert code == 2
    assert "query" in out


def test_an_image_size_that_the_network_cannot_take_is_one_line(capfd, tiny_market):
    code = main(["train", "--config", "mgn/walkers", "--root", str(tiny_market), "--set", "input.height=100"])
    out, err = capfd.readouterr()
    assert code == 2
    assert "images of height 100" in err.splitlines()[-1]
    assert "ANALYZER" not in out + err


def test_every_command_explains_itself():
    for words in (["train"], ["eval"], ["export"], ["data", "check"], ["data", "synthesize"],
                  ["data", "from-mot"], ["report", "ranks"], ["report", "walkers"]):  # fmt: skip
        with pytest.raises(SystemExit) as caught:
            build_parser().parse_args([*words, "--help"])
        assert caught.value.code == 0
