"""Settings of all tests."""

import os

os.environ.setdefault("GLOG_v", "3")

import pytest


@pytest.fixture(scope="session", autouse=True)
def _blocking_launches():
    """On CPU, asynchronous launches make small networks up to twenty times slower."""
    import mindspore as ms

    ms.set_device("CPU")
    ms.runtime.launch_blocking()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """MindSpore drops files of failed compilations into the current folder."""
    monkeypatch.chdir(tmp_path)
