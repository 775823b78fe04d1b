"""A network that tells persons by their colours."""

import pytest

from mindreid.search.ingest import open_appearance_model
from tests.search.colour_network import write_colour_network


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_colour_network(tmp_path_factory.mktemp("network") / "colours.onnx")


@pytest.fixture(scope="module")
def model(network):
    return open_appearance_model(network)
