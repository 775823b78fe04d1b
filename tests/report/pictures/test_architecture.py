"""Pictures of networks: every model has one that is up to date, and a wrong description is explained."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.errors import ConfigError, InvalidArgumentError
from mindreid.report import model_files
from mindreid.report.pictures.architecture import load_architecture
from mindreid.zoo import list_models

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("model", list_models())
def test_the_committed_picture_is_what_the_code_draws(model, tmp_path):
    assert main(["report", "architecture", "--model", model, "--output", str(tmp_path / "drawn.png")]) == 0
    drawn = np.asarray(Image.open(tmp_path / "drawn.png").convert("L"), np.float32)
    committed = Image.open(ROOT / "models" / model / "architecture.png").convert("L")
    assert committed.size == drawn.shape[::-1]
    # Another version of the font may move a few pixels.
    assert np.abs(drawn - np.asarray(committed, np.float32)).mean() < 1
    assert len(np.unique(drawn)) > 10


@pytest.mark.parametrize("model", list_models())
def test_every_box_leads_to_the_embedding_or_a_loss(model):
    boxes = [box for column in load_architecture(model).columns for box in column]
    sources = {source for box in boxes for source in box.sources}
    ends = [box for box in boxes if box.name not in sources]
    assert all(box.kind in ("training", "embedding") for box in ends)
    # Some methods have several, of which a recipe chooses one.
    assert any(box.kind == "embedding" for box in boxes)
    # What is only there for training never feeds what the embedding needs.
    training = {box.name for box in boxes if box.kind == "training"}
    assert all(box.kind == "training" for box in boxes if set(box.sources) & training)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns: [[{name: a, text: x, from: [b]}]]", "no box is called 'b'"),
        ("columns: [[{name: a, text: x}, {name: a, text: y}]]", "two boxes have the same name"),
        ("columns: [[{name: a, text: x, kind: odd}]]", "columns.0.0.kind"),
    ],
)
def test_a_wrong_description_is_explained(tmp_path, monkeypatch, text, message):
    (tmp_path / "mgn").mkdir()
    (tmp_path / "mgn" / "architecture.yaml").write_text(text)
    monkeypatch.setattr(model_files, "package_folder", lambda _package: tmp_path)
    with pytest.raises(ConfigError, match=message):
        load_architecture("mgn")
    with pytest.raises(ConfigError, match=r"no architecture.yaml: models/cal"):
        load_architecture("cal")
    with pytest.raises(InvalidArgumentError, match="no model"):
        load_architecture("mgm")
