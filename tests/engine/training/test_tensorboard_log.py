"""Summaries for TensorBoard: asked for by the recipe, an extra."""

import json
import sys

import pytest

from mindreid.engine.training.run import train
from mindreid.errors import MissingExtraError


def test_without_the_extra_training_says_what_is_missing(recipe_of, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"mindreid\[summary\]"):
        train(recipe_of("train.summary=true"), tmp_path / "run")
    train(recipe_of(), tmp_path / "plain")
    assert not (tmp_path / "plain" / "tensorboard").exists()


def read_events(folder):
    """Every scalar of all event files: {tag: {step: value}}."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        while content:
            length = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


@pytest.mark.slow
def test_summaries_hold_what_the_run_measured_also_after_a_resume(recipe_of, tmp_path):
    pytest.importorskip("tensorboardX", reason="needs the extra `summary`")
    folder = tmp_path / "run"
    train(recipe_of("train.summary=true", "train.epochs=1"), folder)
    metrics = train(recipe_of("train.summary=true", "train.epochs=2"), folder, resume=True)
    events = read_events(folder / "tensorboard")
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for term in rows[0]["terms"]:
        assert events[f"loss/{term}"] == pytest.approx({row["step"]: row["terms"][term] for row in rows})
    for phase in rows[0]["rates"]:
        assert events[f"rate/{phase}"] == pytest.approx({row["step"]: row["rates"][phase] for row in rows})
    assert events["standard/mAP"][rows[-1]["step"]] == pytest.approx(metrics["standard"]["mAP"])
