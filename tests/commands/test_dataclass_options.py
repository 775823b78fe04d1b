"""Options that are a dataclass's fields: the defaults and the help are the dataclass's own."""

from __future__ import annotations

import argparse
from dataclasses import fields

import pytest

from mindreid.cli import build_parser
from mindreid.commands.dataclass_options import add_options, given_options, read_options
from mindreid.preprocess.mot.rules import CropRules, Cutting, Reading, SilhouetteRules


def parse(rules, *arguments):
    parser = argparse.ArgumentParser()
    add_options(parser, rules)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("rules", [Reading, Cutting, CropRules, SilhouetteRules])
def test_without_options_all_is_the_default(rules):
    assert read_options(parse(rules), rules) == rules()
    assert given_options(parse(rules), rules) == []


def test_what_is_given_is_read_in_its_type():
    parsed = parse(
        Cutting, "--seed", "3", "--train-share", "0.25", "--same-person", "1,2", "--same-person", "3,4"
    )
    expected = Cutting(seed=3, train_share=0.25, same_person=[(1, 2), (3, 4)])
    assert read_options(parsed, Cutting) == expected
    assert given_options(parsed, Cutting) == ["--seed", "--train-share", "--same-person"]
    assert read_options(parse(Reading, "--first-frame", "0"), Reading) == Reading(first_frame=0)
    assert read_options(parse(Reading, "--person-class", "2"), Reading) == Reading(person_class="2")


@pytest.mark.parametrize(
    ("action", "dataclasses"),
    [("from-mot", (Reading, Cutting, CropRules)), ("silhouettes", (Reading, Cutting, SilhouetteRules))],
)
def test_every_option_of_the_commands_tells_its_default(capsys, monkeypatch, action, dataclasses):
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit):
        build_parser().parse_args(["data", action, "--help"])
    told = capsys.readouterr().out
    for rules in dataclasses:
        for field in fields(rules):
            if "help" in field.metadata:
                default = field.metadata.get("default_text", field.default)
                assert f"{field.metadata['help']} (default: {default})" in told
    _, *options = told.split("\n  --")
    assert len(options) >= 14
    for option in options:
        assert any(word in option for word in ("(default: ", "(required", "(this or", "(or --")), option
