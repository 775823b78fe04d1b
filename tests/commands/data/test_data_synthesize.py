"""`mindreid data synthesize`: its options reach the generator of the layout that was named."""

import hashlib

from mindreid.cli import main


def digests(root):
    return {
        path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*.jpg")
    }


def test_another_seed_gives_other_walkers(tmp_path):
    command = ["data", "synthesize", "--ids", "2", "--cameras", "2", "--frames", "2", "--root"]
    made = {}
    for name, words in (("usual", []), ("first", ["--seed", "1"]), ("second", ["--seed", "2"])):
        assert main([*command, str(tmp_path / name), *words]) == 0
        made[name] = digests(tmp_path / name)
    assert made["usual"] == made["first"]
    assert set(made["first"]) == set(made["second"])
    assert not set(made["first"].values()) & set(made["second"].values())


def test_walks_are_generated_from_the_seed_that_was_named(tmp_path, monkeypatch):
    asked = []

    def generate(layout, root, ids, seed, **options):
        asked.append((layout, ids, seed, options))

    monkeypatch.setattr("mindreid.walkers.gait_synthesis.synthesize_sequences", generate)
    command = ["data", "synthesize", "--layout", "ccpg", "--root", str(tmp_path / "w"), "--ids", "3"]
    assert main(command) == 0
    assert main([*command, "--seed", "9", "--cameras", "2", "--frames", "5"]) == 0
    assert asked == [
        ("ccpg", 3, 1, {"cameras": None, "frames": 16}),
        ("ccpg", 3, 9, {"cameras": 2, "frames": 5}),
    ]
