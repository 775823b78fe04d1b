"""A rate is chosen by the loss of the last epoch, and that is the rate that the arms have."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from people_rates import FACTORS, chosen, copy_never_tested
from runs.people_arms import arm_of

from mindreid.data.open_dataset import load_dataset

ROOT = Path(__file__).resolve().parents[2]


def test_whoever_chooses_is_in_no_test(tmp_path):
    campus = tmp_path / "CUHK01" / "campus"
    campus.mkdir(parents=True)
    for person in range(40):
        for image in range(1, 5):
            (campus / f"{person:04d}00{image}.png").write_bytes(b"%d" % person)
    splits = [load_dataset("cuhk01", str(campus.parent), split=split) for split in range(3)]
    tested = {Path(record.path).name[:4] for split in splits for record in split.query}
    # What an earlier run left is not taken along.
    (tmp_path / "chosen" / "campus").mkdir(parents=True)
    (tmp_path / "chosen" / "campus" / "0099001.png").touch()
    copied = copy_never_tested(campus.parent, 3, tmp_path / "chosen")
    persons = {f"{person:04d}" for person in range(40)} - tested
    assert persons
    assert {path.name[:4] for path in copied.rglob("*.png")} == persons
    assert all((campus / path.name).read_bytes() == path.read_bytes() for path in copied.rglob("*.png"))
    assert len(list(copied.rglob("*.png"))) == 4 * len(persons)


@pytest.mark.parametrize(
    "losses",
    [
        {1.0: {"loss": 3.0, "identity": 3.0}, 0.1: {"loss": 2.0, "identity": 2.0}},
        {1.0: {"loss": 0.7, "triplet": 0.7}, 0.1: {"loss": 0.5, "triplet": 0.5}},
        # All features are one point at the greater rate, and nobody's class is told.
        {
            1.0: {"loss": 7.3, "softmax": 6.1, "triplet": 1.2},
            0.1: {"loss": 7.4, "softmax": 5.4, "triplet": 2.0},
        },
    ],
)
def test_the_rate_at_which_most_is_learnt_is_chosen(losses):
    assert chosen(losses) == 0.1


def test_arms_have_the_rates_that_were_chosen():
    recorded = ROOT / "results" / "people_rates.json"
    if not recorded.is_file():
        pytest.skip("people_rates.py was not recorded yet")
    for model, own in json.loads(recorded.read_text(encoding="utf-8"))["figures"]["arms"].items():
        assert arm_of(model).rates[0] == own["chosen"], model


@pytest.mark.slow
def test_a_quick_run_goes_from_nothing_to_a_choice(tmp_path):
    script = str(ROOT / "benchmarks" / "people_rates.py")
    subprocess.run([sys.executable, script, "--quick", "--models", "mgn", "ide"], check=True)
    # Beside what it works in, nothing is left.
    assert [path.name for path in Path().iterdir()] == ["runs"]
    (result,) = Path("runs").rglob("people_rates.json")
    arms = json.loads(result.read_text(encoding="utf-8"))["figures"]["arms"]
    assert arms.keys() == {"mgn", "ide"}
    for own in arms.values():
        assert own["losses"].keys() == {f"{factor:g}" for factor in FACTORS}
        assert own["chosen"] in FACTORS
