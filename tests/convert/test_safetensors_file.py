"""Safetensors files as their own library writes them, and damaged ones."""

from __future__ import annotations

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.convert.safetensors_file import read_safetensors
from mindreid.convert.torch_file import read_torch_state
from mindreid.errors import CheckpointError


def write(path, header, data=b""):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_what_the_library_writes_is_read(tmp_path):
    numpy_writer = pytest.importorskip("safetensors.numpy")
    tensors = {
        "module.conv1.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "half": np.ones((2, 2), np.float16),
        "count": np.array(7),
    }
    numpy_writer.save_file(tensors, tmp_path / "a.safetensors", metadata={"format": "pt"})
    for name, value in read_safetensors(tmp_path / "a.safetensors").items():
        np.testing.assert_array_equal(value, tensors[name])
    state = read_torch_state(tmp_path / "a.safetensors")
    assert sorted(state) == ["conv1.weight", "count", "half"]
    assert state["half"].dtype == np.float32


def test_brain_floats_are_the_upper_halves(tmp_path):
    values = np.array([1.0, -2.5, 0.15625], np.float32)
    data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = write(
        tmp_path / "a.safetensors", {"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, data
    )
    assert read_safetensors(path)["w"].tolist() == values.tolist()


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 800]},
        {"dtype": "F32", "shape": [2], "data_offsets": [-8, 8]},
        {"dtype": "F7", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2]},
        7,
    ],
)
def test_headers_that_do_not_fit_are_one_error(tmp_path, entry):
    path = write(tmp_path / "a.safetensors", {"w": entry}, bytes(8))
    with pytest.raises(CheckpointError, match=r"not a whole safetensors file.*a\.safetensors"):
        read_safetensors(path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_noise_is_one_error(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "a.safetensors"
    path.write_bytes(noise)
    with contextlib.suppress(CheckpointError):
        read_safetensors(path)
