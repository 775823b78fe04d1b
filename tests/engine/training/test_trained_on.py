"""A checkpoint says what it was trained on, whatever the folder was called."""

from dataclasses import asdict

from mindreid.atomic import write_json
from mindreid.data.generated_marker import MARKER, WALKERS
from mindreid.engine.checkpoints.checkpoint_files import Description, read_description
from mindreid.engine.training.run import train


def test_a_run_notes_whether_its_persons_were_generated(recipe_of, trained, tiny_market, tmp_path):
    described = read_description(trained("train.epochs=1") / "last.ckpt")
    assert described.trained_on == {"dataset": "market1501", "kind": None}
    write_json(tiny_market / MARKER, {"kind": WALKERS})
    train(recipe_of("train.epochs=1"), tmp_path / "run")
    described = read_description(tmp_path / "run" / "last.ckpt")
    assert described.trained_on == {"dataset": "market1501", "kind": WALKERS}


def test_weights_that_were_not_trained_here_were_trained_on_nothing(recipe_of):
    assert Description.of(recipe_of(), num_classes=0).trained_on == {}


def test_of_files_of_earlier_versions_it_is_not_known(trained):
    content = asdict(read_description(trained("train.epochs=1") / "last.ckpt"))
    del content["trained_on"]
    assert Description(**content).trained_on is None
