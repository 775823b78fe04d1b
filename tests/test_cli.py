"""The command line: exit codes, one-line errors, and the commands that need no training."""

from __future__ import annotations

import argparse
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mindreid import losses, zoo
from mindreid.cli import build_parser, main
from mindreid.config import list_recipes


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
            ["train", "--config", "mgn/market1501", "--set", "train.init_weights=null", "--root", "nowhere"],
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
        (["train", "--config", "mgn/market1501"], "starts from ImageNet weights"),
        (["train", "--config", "mgn/walkers", "--set", "device.target=Ascend"], "can't use Ascend"),
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


def _parsers(parser, words=()):
    """Every command without actions, by its words, and the parser of it."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not nested:
        yield words, parser
    for name, child in ((name, child) for action in nested for name, child in action.choices.items()):
        yield from _parsers(child, (*words, name))


GENERATED = [name for name in zoo.DATASETS.names() if zoo.DATASETS[name].can_be_generated]
COMMANDS = dict(_parsers(build_parser()))


def _options(parser):
    """Arguments of a parser and the line that its help has for each."""
    arguments = [a for a in parser._actions if not isinstance(a, argparse._HelpAction)]
    formatter = parser._get_formatter()
    return [(a, formatter._expand_help(a) if a.help else "") for a in arguments]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_is_explained_with_its_default(words):
    for argument, line in _options(COMMANDS[words]):
        named = argument.option_strings or argument.dest
        assert line, f"{named} has no help"
        if argument.default == argparse.SUPPRESS:
            # Options made of a dataclass's fields leave the default to it.
            assert argument.required or "default" in line, f"{named} does not tell its default"
        elif argument.default not in (None, False, [], ""):
            several = isinstance(argument.default, tuple)
            told = " ".join(map(str, argument.default)) if several else f"{argument.default}"
            assert told in line, f"{named} does not tell its default"


@pytest.mark.parametrize(
    ("words", "option", "choices"),
    [
        (("data", "check"), "name", zoo.DATASETS.names()),
        (("data", "synthesize"), "layout", GENERATED),
        (("report", "silhouettes"), "name", ["casia_b", "ccpg", "gait_pickles"]),
        (("report", "architecture"), "model", zoo.list_models()),
    ],
)  # fmt: skip
def test_help_lists_what_can_be_named(words, option, choices):
    line = next(line for argument, line in _options(COMMANDS[words]) if argument.dest == option)
    assert re.findall(r"[\w]+", line.partition(": ")[2].partition(" (")[0]) == choices


def test_layouts_that_the_help_leaves_out_cannot_be_written(tmp_path):
    with zoo.DATASETS.temporary() as datasets:
        datasets.register("foreign", zoo.DatasetEntry(load=lambda root: None, tree="foreign/"))
        assert "foreign" not in COMMANDS[("data", "synthesize")].format_help()
        command = ["data", "synthesize", "--layout", "foreign", "--root", str(tmp_path / "foreign")]
        assert main(command) == 2
    assert not (tmp_path / "foreign").exists()


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("models", zoo.list_models()),
        ("recipes", list_recipes()),
        ("datasets", zoo.DATASETS.names()),
        ("losses", sorted(losses.__all__)),
    ],
)
def test_list_has_one_line_for_each(capsys, what, names):
    code, out, _ = run(capsys, "list", what)
    assert code == 0
    lines = [re.fullmatch(r"(\S+) +(\S.*)", line) for line in out.splitlines()]
    assert [line[1] for line in lines] == names


def test_list_tells_published_figures_and_what_a_loss_is(capsys):
    _, out, _ = run(capsys, "list", "recipes")
    recipes = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert recipes["mgn/market1501"].startswith("Market-1501: rank-1 95.7, mAP 86.9 (by the authors)")
    assert "a user's report" in recipes["cal/ltcc"]
    assert recipes["mgn/walkers"] == "no published figure"
    _, out, _ = run(capsys, "list", "losses")
    described = dict(line.split(maxsplit=1) for line in out.splitlines())
    for name, text in described.items():
        paragraph = inspect.getdoc(getattr(losses, name)).split("\n\n")[0]
        assert " ".join(paragraph.split()) == text + "."


@pytest.mark.parametrize("words", ["--help", "list models", "list recipes", "list datasets", "list losses"])
def test_help_and_lists_do_not_wait_for_mindspore(words):
    code = (
        "import sys, contextlib, mindreid.cli\n"
        "with contextlib.suppress(SystemExit):\n"
        "    mindreid.cli.main(sys.argv[1:])\n"
        "sys.exit('mindspore' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *words.split()], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def _advised():
    """Every command that the source names between backquotes, cut off where a value is filled in."""
    for path in sorted((Path(__file__).parents[1] / "src").rglob("*.py")):
        for text in re.findall(r"`mindreid ([^`{\n\"]*)", path.read_text(encoding="utf-8")):
            yield path.name, text


def test_commands_that_errors_and_documentation_advise_exist():
    groups = {words[:1] for words in COMMANDS}
    checked = 0
    for name, text in _advised():
        words = tuple(text.split())
        command = next((words[:n] for n in (2, 1) if words[:n] in COMMANDS), words[:1])
        assert command in COMMANDS or (len(words) == 1 and command in groups), f"{name}: mindreid {text}"
        options = {word for word in words if word.startswith("--")}
        known = COMMANDS[command]._option_string_actions if command in COMMANDS else ()
        assert options <= set(known), f"{name}: mindreid {text}"
        checked += 1
    assert checked > 40
