"""An index for made-up tracklets."""

import pytest

from mindreid.search.index import open_index
from tests.search.made_up_sources import MODEL


@pytest.fixture
def index(tmp_path):
    """An empty index that takes made-up tracklets."""
    opened = open_index(tmp_path / "index", create=True)
    opened.set_model(MODEL)
    yield opened
    opened.close()
