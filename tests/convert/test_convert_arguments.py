"""What `mindreid convert` refuses before it writes anything."""

import numpy as np
import pytest

from tests.convert.small_files import convert, save_small

pytest.importorskip("torch", reason="needs the extra `convert`")


@pytest.mark.parametrize("kind", ["missing", "cut", "empty", "array", "other names", "texts"])
def test_a_recording_that_cannot_be_read_is_one_error_before_anything_is_written(
    small_state, tmp_path, capsys, kind
):
    recording, images = tmp_path / "recording.npz", np.zeros((1, 3, 64, 32), np.float32)
    np.savez(recording, images=images, **{"x" if kind == "other names" else "embedding": np.array(["text"])})
    if kind == "missing":
        recording.unlink()
    elif kind == "array":
        recording = tmp_path / "recording.npy"
        np.save(recording, images)
    elif kind in ("cut", "empty"):
        recording.write_bytes(recording.read_bytes()[: 200 * (kind == "cut")])
    output, path = tmp_path / "out.ckpt", save_small(tmp_path, small_state)
    assert convert("torchvision_resnet", path, output, "--verify", str(recording)) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: cannot read the recording (")
    assert f"{recording}. Fix: pass an .npz file with 'images' and 'embedding'" in error
    assert error.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("output", ["r18.ckpt", "link.ckpt"])
def test_the_author_s_file_is_not_replaced(small_state, tmp_path, capsys, output):
    path = save_small(tmp_path, small_state).rename(tmp_path / "r18.ckpt")
    (tmp_path / "link.ckpt").symlink_to(path)
    content = path.read_bytes()
    assert convert("torchvision_resnet", path, tmp_path / output) == 2
    assert "would replace the file that it is made of" in capsys.readouterr().err
    assert path.read_bytes() == content


@pytest.mark.parametrize("output", ["out.pth", "out", "out.CKPT", "."])
def test_another_ending_is_refused_before_anything_is_read(tmp_path, capsys, output):
    assert convert("torchvision_resnet", tmp_path / "nowhere.pth", tmp_path / output) == 2
    error = capsys.readouterr().err
    assert f"a checkpoint's name ends in .ckpt: {tmp_path / output}. Fix: pass --output FILE.ckpt" in error


def test_the_entry_that_is_named_is_converted(small_state, tmp_path, monkeypatch, capsys):
    """The weights as last trained, and averaged ones, of which one kernel is half as large."""
    written, kernel = [], "layer1.0.conv1.weight"
    save = "mindreid.engine.checkpoints.conversion.save_converted"
    monkeypatch.setattr(save, lambda conversion, *_: written.append(conversion.parameters[kernel]))
    averaged = {**small_state, kernel: small_state[kernel] / 2}
    path, output = save_small(tmp_path, {"state_dict": small_state, "ema": averaged}), tmp_path / "out.ckpt"
    for words in ([], ["--entry", "state_dict"]):
        assert convert("torchvision_resnet", path, output, *words) == 0
    for found, state in zip(written, (averaged, small_state)):
        np.testing.assert_array_equal(found, state[kernel].numpy())
    capsys.readouterr()
    assert convert("torchvision_resnet", path, output, "--entry", "model") == 2
    assert "model" in capsys.readouterr().err
    assert len(written) == 2
