"""Numbers in pickles of strangers, as machines of either byte order write them."""

from __future__ import annotations

import io
import pickle
import struct

import numpy as np
import pytest

from mindreid.convert.torch_file import HARMLESS
from mindreid.safe_pickles import ForbiddenNameError, load_numbers

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
scalar = np.float64(0).__reduce__()[0]


class ForeignNumber:
    """A NumPy number as a machine of the other byte order pickles it."""

    def __init__(self, code, content):
        self.reduced = scalar, (np.dtype(code), content)

    def __reduce__(self):
        return self.reduced


FOREIGN = [
    (ForeignNumber(">f8", struct.pack(">d", 0.9375)), 0.9375),
    (ForeignNumber("<f8", struct.pack("<d", 0.9375)), 0.9375),
    (ForeignNumber(">i4", struct.pack(">i", 7)), 7),
    (ForeignNumber("?", b"\x01"), True),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("number", "value"), FOREIGN)
def test_numbers_of_either_byte_order_are_right(number, value, protocol):
    assert load_numbers(io.BytesIO(pickle.dumps(number, protocol))) == value


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("number", "value"), FOREIGN)
def test_they_are_in_a_pytorch_file_too(number, value, zipped, tmp_path):
    torch = pytest.importorskip("torch", reason="needs the extra `convert`")
    curve = np.array([[0.5, 0.75]], ">f4")
    torch.save({"rank1": number, "curve": curve}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with torch.serialization.safe_globals(HARMLESS):
        content = torch.load(tmp_path / "x.pth", weights_only=True)
    assert content["rank1"] == value
    assert isinstance(content["rank1"], (bool, int, float))
    np.testing.assert_array_equal(content["curve"].value, curve)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nested_lists_and_tuples_become_lists(protocol):
    content = (1, [2.5, np.float32(3)], (np.arange(3),))
    found = load_numbers(io.BytesIO(pickle.dumps(content, protocol)))
    assert found[:2] == [1, [2.5, 3]]
    np.testing.assert_array_equal(found[2][0], np.arange(3))


def test_a_forbidden_name_is_told():
    with pytest.raises(ForbiddenNameError, match=r"^builtins\.print$"):
        load_numbers(io.BytesIO(pickle.dumps(print)))
