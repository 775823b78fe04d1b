"""Files of OpenVINO are named as such."""

import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.appearance_model import open_appearance_model


@pytest.mark.parametrize("name", ["model.xml", "model.bin", "MODEL.XML"])
@pytest.mark.parametrize("inputs", [None, "open-model-zoo"])
def test_a_network_of_openvino_is_to_be_converted(tmp_path, name, inputs):
    (tmp_path / name).write_bytes(b"<net/>")
    with pytest.raises(InvalidArgumentError, match=r"file of OpenVINO.*openvino2onnx"):
        open_appearance_model(tmp_path / name, inputs=inputs)
