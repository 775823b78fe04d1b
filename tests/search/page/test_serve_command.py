"""What `mindreid search serve` refuses before it listens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from mindreid.cli import main
from mindreid.search.index import open_index
from tests.search.constant_network import write_constant_network
from tests.search.page.page_requests import png


@pytest.fixture
def served(index, tmp_path):
    """The path of an index that is closed."""
    index.close()
    return str(tmp_path / "index")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--host", "0.0.0.0"], "--token-file"),  # noqa: S104 - refused
        (["--host", "example.org"], "--token-file"),
        (["--token-file", "short"], "at least 16"),
        (["--token-file", "nowhere"], "nowhere"),
        (["--port", "0"], "1 to 65535"),
        (["--port", "70000"], "1 to 65535"),
        (["--detector", "nowhere.onnx"], "nowhere.onnx"),
        (["--model", "nowhere.onnx"], "nowhere.onnx"),
        (["--host", "192.0.2.1", "--token-file", "long"], "another --port, or a --host of this machine"),
        (["--host", "no..name", "--token-file", "long"], "no..name"),
    ],
)
def test_what_can_not_be_served_is_told(served, tmp_path, capsys, monkeypatch, words, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_text("abc")
    (tmp_path / "long").write_text("a-long-enough-token")
    assert main(["search", "serve", served, *words]) == 2
    said = capsys.readouterr()
    assert problem in said.err
    assert said.out == ""


def test_a_port_at_which_another_program_answers_is_not_taken(served, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["search", "serve", served, "--port", str(other.getsockname()[1])]) == 2
    said = capsys.readouterr()
    assert "pass another --port" in said.err
    assert said.out == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_address_that_is_printed_answers_until_it_is_interrupted(served, host):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mindreid", "search", "serve", served]
    process = subprocess.Popen(
        [*command, "--host", host, "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        told = process.stdout.readline()
        assert told.startswith(f"open http://{host}:{port}/?token="), told
        request = urllib.request.Request(f"http://{host}:{port}/api/index")
        request.add_header("Authorization", f"Bearer {told.strip().partition('=')[2]}")
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            assert json.load(answer)["tracklets"] == 4
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, rest) == (0, "")


def test_persons_in_photos_are_of_the_class_that_was_named(served, tmp_path, monkeypatch):
    """A detector whose class 0 is in the upper half of each photo, and class 1 in the lower one."""
    output = np.zeros((1, 4 + 2, 9), np.float32)
    output[0, :, 0] = 20, 25, 40, 50, 0.9, 0
    output[0, :, 1] = 20, 75, 40, 50, 0, 0.9
    detector = write_constant_network(tmp_path / "two.onnx", {"out": output}, size=(100, 40))
    found = []

    def answer(service, _access, _listening):
        photo = png(np.full((100, 40, 3), 90, np.uint8))
        found.append(json.loads(json.dumps(service.add_picture(photo)))["people"])

    monkeypatch.setattr("mindreid.search.page.search_server.serve", answer)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    for words in ([], ["--person-class", "1"]):
        command = ["search", "serve", served, "--port", port, "--detector", str(detector), *words]
        assert main(command) == 0
    assert found == [[[0, 0, 40, 50]], [[0, 50, 40, 50]]]


def test_an_empty_index_and_none_are_not_served(tmp_path, capsys):
    pytest.importorskip("fastapi", reason="needs the extra `search`")
    open_index(tmp_path / "empty", create=True).close()
    assert main(["search", "serve", str(tmp_path / "empty")]) == 2
    assert "the index is empty" in capsys.readouterr().err
    assert main(["search", "serve", str(tmp_path / "none")]) == 2
    assert "no such index" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_without_the_extra_it_is_named(served, package):
    code = f"import sys; sys.modules[{package!r}] = None; import mindreid.cli; sys.exit(mindreid.cli.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "search", "serve", served], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'mindreid[search]'" in done.stderr
    assert "Traceback" not in done.stderr
