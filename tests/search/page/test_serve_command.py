"""What `mindreid search serve` refuses before it listens."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mindreid.cli import main
from mindreid.search.index import open_index


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
    ],
)
def test_what_can_not_be_served_is_told(served, tmp_path, capsys, words, problem):
    (tmp_path / "short").write_text("abc")
    assert main(["search", "serve", served, *words]) == 2
    assert problem in capsys.readouterr().err


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
