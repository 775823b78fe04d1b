"""Where other people's files keep their weights: keys, prefixes, and files that have none."""

from __future__ import annotations

import collections
import logging

import numpy as np
import pytest

from mindreid.convert.state_dicts import find_weights
from mindreid.errors import CheckpointError

torch = pytest.importorskip("torch", reason="needs the extra `convert`")


def state(value=1.0, prefix=""):
    names = ("conv1.weight", "bn1.bias")
    return {prefix + name: torch.full((2,), value) for name in names}


def found(content, sections=None, entry=None):
    return find_weights(content, sections or {}, "a.pth", entry)


@pytest.mark.parametrize(
    "key", ["state_dict", "model_state_dict", "model", "net", "network", "state_dict_ema", "model_ema"]
)
def test_weights_under_every_usual_key(key):
    weights, others = found({"epoch": 3, key: state(), "optimizer": {"state": {}, "param_groups": []}})
    assert sorted(weights) == ["bn1.bias", "conv1.weight"]
    assert others == ("epoch", "optimizer")


@pytest.mark.parametrize("prefix", ["module.", "module.module.", "_orig_mod.", "module._orig_mod."])
def test_prefixes_of_parallel_training_and_compilation(prefix):
    assert sorted(found({"state_dict_ema": state(prefix=prefix)})[0]) == ["bn1.bias", "conv1.weight"]
    # A part of a network that is called so stays.
    assert sorted(found(state(prefix="head.module."))[0]) == [
        "head.module.bn1.bias",
        "head.module.conv1.weight",
    ]


def test_averaged_weights_come_first_and_that_is_said(caplog):
    content = {"state_dict": state(1.0), "state_dict_ema": state(2.0)}
    assert found(content)[0]["bn1.bias"].tolist() == [2, 2]
    assert "the weights under 'state_dict_ema' are taken, not 'state_dict'" in caplog.text
    assert found(content, entry="state_dict")[0]["bn1.bias"].tolist() == [1, 1]
    # A source's own key is no more than other plain ones.
    assert found({"model": state(1.0), "model_ema": state(2.0)}, {"model": ""})[0]["bn1.bias"].tolist() == [
        2,
        2,
    ]


def test_keys_within_keys():
    assert found({"ema": {"module": state(), "decay": 0.999}})[1] == ()
    assert found({"model": {"state_dict": state()}, "epoch": 2})[1] == ("epoch",)


def test_a_source_s_further_state_dicts_have_their_prefixes():
    sections = {"model_state_dict": "", "classifier_state_dict": "classifier/"}
    content = {"model": state(), "classifier_state_dict": state(prefix="module."), "rank1": 0.5}
    weights, others = found(content, sections)
    assert sorted(weights) == ["bn1.bias", "classifier/bn1.bias", "classifier/conv1.weight", "conv1.weight"]
    assert others == ("rank1",)
    with pytest.raises(CheckpointError, match="'classifier_state_dict' should be a state dict, not a int"):
        found({**content, "classifier_state_dict": 3}, sections)


MOMENTS = {"state": {0: {"step": torch.tensor(1.0), "exp_avg": torch.ones(2)}}, "param_groups": [{"lr": 1.0}]}


@pytest.mark.parametrize(
    "content", [MOMENTS, {"optimizer": MOMENTS, "epoch": 3}, {}, {"model": {}, "epoch": 1}]
)
def test_a_file_without_weights_names_the_keys(content):
    with pytest.raises(CheckpointError, match=r"looked for 'state_dict_ema', .*'model'.*; found: ") as error:
        found(content)
    for key, value in content.items():
        assert f"{key!r} is a {type(value).__name__}" in str(error.value)


def test_an_entry_that_is_not_there_is_named():
    with pytest.raises(CheckpointError, match="looked for 'ema'; found: 'state_dict' is a dict"):
        found({"state_dict": state()}, entry="ema")


def test_a_name_with_and_without_a_prefix_is_refused():
    with pytest.raises(CheckpointError, match=r"'conv1\.weight' is there with and without a prefix"):
        found({**state(), **state(prefix="module.")})


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(CheckpointError, match=r"'bn1\.bias' is not finite"):
        found({**state(), "bn1.bias": torch.tensor([1.0, float("nan")])})


def test_numbers_of_half_the_length_become_float32(caplog):
    caplog.set_level(logging.INFO)
    content = collections.OrderedDict(
        a=torch.ones(2, dtype=torch.bfloat16), b=torch.ones(2, dtype=torch.float16), c=torch.tensor(7)
    )
    weights, _ = found(content)
    assert [weights[name].dtype for name in "abc"] == [np.float32, np.float32, np.int64]
    assert not caplog.text
