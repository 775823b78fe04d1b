"""Pickled arrays are read; nothing else in a pickle is, and nothing in it runs."""

import contextlib
import pickle
import pickletools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mindreid.data.formats.pickles import read_array, write_array
from mindreid.errors import DataError

KINDS = ("u1", "i8", "f4", ">f8", "?")


@given(
    array=st.sampled_from(KINDS).flatmap(
        lambda kind: arrays.arrays(np.dtype(kind), arrays.array_shapes(min_dims=0, max_dims=4))
    ),
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
    fortran=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_arrays_of_every_protocol_come_back(array, protocol, fortran, tmp_path_factory):
    path = tmp_path_factory.mktemp("pickles") / "a.pkl"
    stored = np.asfortranarray(array) if fortran else array
    path.write_bytes(pickle.dumps(stored, protocol))
    found = read_array(path)
    assert found.dtype == stored.dtype
    np.testing.assert_array_equal(found, stored)


def test_what_is_written_is_read(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[:, ::-1]
    write_array(tmp_path / "deep" / "a.pkl", array)
    np.testing.assert_array_equal(read_array(tmp_path / "deep" / "a.pkl"), array)
    with (tmp_path / "deep" / "a.pkl").open("rb") as file:
        np.testing.assert_array_equal(pickle.load(file), array)  # noqa: S301 - our own


@pytest.mark.parametrize(
    "content", [[1.5, 2.5], [np.float64(0.5), np.float64(2)], [np.ones((2, 3), "u1")] * 2]
)
def test_lists_of_numbers_and_arrays_are_arrays(content, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    np.testing.assert_array_equal(read_array(tmp_path / "a.pkl"), np.asarray(content))


def frames_of(*widths, kind=np.uint8):
    return [np.ones((64, width), kind) for width in widths]


def as_objects(frames):
    made = np.empty(len(frames), object)
    made[:] = frames
    return made


@pytest.mark.parametrize("made", [list, tuple, as_objects])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_frames_of_several_sizes_are_refused_by_their_sizes(made, protocol, tmp_path):
    what = refused(tmp_path, pickle.dumps(made(frames_of(22, 27, 22)), protocol))
    assert what == "the pickle holds frames of several sizes: 64×22 (2 frames), 64×27 (1 frames)"


def test_frames_of_several_types_are_not_brought_to_one(tmp_path):
    what = refused(tmp_path, pickle.dumps([*frames_of(22, 22), *frames_of(22, kind=bool)]))
    assert what == "the pickle holds frames of several types: uint8 (2 frames), bool (1 frames)"


def test_many_sizes_are_not_all_listed(tmp_path):
    assert refused(tmp_path, pickle.dumps(frames_of(*range(20, 40)))).endswith("64×23 (1 frames), …")


def test_objects_that_are_frames_of_one_size_are_an_array(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(as_objects(frames_of(22, 22))))
    np.testing.assert_array_equal(read_array(tmp_path / "a.pkl"), np.ones((2, 64, 22)))


class Malicious:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def refused(tmp_path, content):
    path = tmp_path / "a.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_array(path)
    assert error.value.where == str(path)
    assert "\n" not in str(error.value)
    return error.value.what


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_is_refused_unexecuted(tmp_path, protocol):
    import os

    witness = tmp_path / "witness"
    content = pickle.dumps(Malicious(os.mkdir, str(witness)), protocol)
    assert "mkdir" in refused(tmp_path, content)
    assert not witness.exists()
    hidden = pickle.dumps([np.zeros(3), {"deep": (1, Malicious(os.mkdir, str(witness)))}], protocol)
    assert "mkdir" in refused(tmp_path, hidden)
    assert not witness.exists()
    pickle.loads(content)  # noqa: S301 - the test's own attack, which works where nothing stops it
    assert witness.exists()


@pytest.mark.parametrize("name", ["os\nsystem", "builtins\neval", "builtins\ngetattr", "numpy\nfromfile"])
def test_no_other_name_is_found(tmp_path, name):
    assert name.replace("\n", ".") in refused(tmp_path, f"c{name}\n(S'x'\ntR.".encode())


@pytest.mark.parametrize(
    "array", [np.array([None, "x"]), np.array(["text"]), np.zeros(2, [("a", "i4")]), np.array([1j])]
)
def test_arrays_of_other_things_than_numbers_are_refused(tmp_path, array):
    refused(tmp_path, pickle.dumps(array))


def test_a_shape_that_does_not_fit_the_bytes_is_refused(tmp_path):
    content = pickle.dumps(np.zeros((3, 64), "u1"), 2)
    assert any(argument == 64 for _, argument, _ in pickletools.genops(content))
    refused(tmp_path, content.replace(b"K@\x86", b"K\xff\x86"))
    # An array that claims to hold objects, its pointers being whatever the bytes say.
    refused(tmp_path, content.replace(b"u1", b"O8"))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_truncated_pickle_is_one_error(tmp_path, protocol):
    content = pickle.dumps(np.arange(40, dtype=np.float32), protocol)
    for length in range(0, len(content) - 1, 7):
        refused(tmp_path, content[:length])


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(DataError, match="FileNotFoundError"):
        read_array(tmp_path / "none.pkl")


@given(st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_noise_is_an_array_or_an_error(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "a.pkl"
    path.write_bytes(noise)
    with contextlib.suppress(DataError):
        assert isinstance(read_array(path), np.ndarray)


def test_a_read_array_is_nobodys_to_change(tmp_path):
    write_array(tmp_path / "a.pkl", np.zeros((2, 64, 64), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        read_array(tmp_path / "a.pkl")[0] = 1
