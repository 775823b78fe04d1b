"""Which evaluation of a run is its best one, also where what is compared changes on a resume."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import asdict

import pytest

from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import read_description
from mindreid.engine.evaluation.protocol_results import ProtocolResult
from mindreid.engine.training.listeners import PeriodicEvaluation
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.run import train
from mindreid.report.evaluation_history import read_evaluations

MAP = {"metric": "mAP", "protocol": "standard", "rerank": False}


@pytest.fixture
def evaluate(caplog):
    """Evaluate once on from a progress; tells whether it was the best so far."""
    logging.getLogger("mindreid").propagate = True

    def evaluate(progress, results, best_metric="mAP", path=None):
        found = []
        evaluation = PeriodicEvaluation(
            lambda: results, every=1, epochs=9, best_metric=best_metric, progress=progress,
            on_best=lambda: found.append(progress.best), path=path,
        )  # fmt: skip
        evaluation.on_epoch_end(3)
        return bool(found)

    return evaluate


def test_a_greater_figure_is_the_best_and_a_smaller_one_is_not(evaluate):
    progress = Progress()
    assert evaluate(progress, {"standard": ProtocolResult(rank1=0.9, mean_ap=0.5)})
    assert not evaluate(progress, {"standard": ProtocolResult(rank1=0.95, mean_ap=0.4)})
    assert evaluate(progress, {"standard": ProtocolResult(rank1=0.8, mean_ap=0.6)})
    assert (progress.best, progress.best_of) == (0.6, MAP)


@pytest.mark.parametrize(
    ("results", "best_metric", "words"),
    [
        ({"standard": ProtocolResult(rank1=0.2, mean_ap=0.1)}, "rank1", "is by rank1 of 'standard':"),
        ({"same": ProtocolResult(rank1=0.2, mean_ap=0.1)}, "mAP", "is by mAP of 'same':"),
        ({"standard": ProtocolResult(rank1=0.2, mean_ap=0.1, rerank=True)}, "mAP", "'standard' re-ranked:"),
        ({"standard": ProtocolResult(rank1=0.2)}, "mAP", "is by rank1 of 'standard':"),
    ],
)
def test_another_figure_is_not_compared_with_what_was_the_best(evaluate, caplog, results, best_metric, words):
    progress = Progress(best=0.9, best_of=MAP)
    assert evaluate(progress, results, best_metric)
    assert "was chosen by mAP of 'standard', and from now on" in caplog.text
    assert words in caplog.text
    assert progress.best == {"rank1": 0.2, "mAP": 0.1}[progress.best_of["metric"]]
    caplog.clear()
    assert not evaluate(progress, results, best_metric)
    assert caplog.text == ""


def test_a_figure_that_the_data_have_nothing_for_is_never_the_best(evaluate, caplog, tmp_path):
    progress, nothing = Progress(), ProtocolResult(rank1=math.nan, mean_ap=math.nan)
    for _ in range(2):
        assert not evaluate(progress, {"NM": nothing, "BG": ProtocolResult(rank1=0.5)}, path=tmp_path / "e")
    assert "the data have nothing for rank1 of 'NM'" in caplog.text
    assert (progress.best, progress.best_of) == (-1, {})
    lines = (tmp_path / "e").read_text().splitlines()
    assert [json.loads(line, parse_constant=pytest.fail)["results"]["NM"]["rank1"] for line in lines] == [
        None,
        None,
    ]
    assert len(read_evaluations(tmp_path / "e")) == 1


def test_the_best_value_of_an_earlier_version_counts(evaluate, caplog):
    stored = asdict(Progress(best=0.9))
    del stored["best_of"]
    progress = Progress(**stored)
    assert not evaluate(progress, {"standard": ProtocolResult(rank1=0.95, mean_ap=0.8)})
    assert (caplog.text, progress.best_of) == ("", MAP)


def test_a_resumed_run_chooses_by_the_figure_that_its_recipe_names_now(begun, caplog):
    logging.getLogger("mindreid").propagate = True
    run = begun("train.epochs=1")
    assert read_description(run / "best.ckpt").recipe["train"]["best_metric"] == "mAP"
    longer = load_recipe(str(run / "config.yaml"), ["train.epochs=2", "train.best_metric=rank1"])
    with caplog.at_level(logging.WARNING, logger="mindreid"):
        train(longer, run, resume=True)
    assert "was chosen by mAP of 'standard', and from now on is by rank1 of 'standard'" in caplog.text
    assert read_description(run / "best.ckpt").epoch == 2
