"""The quickstart, whole: some minutes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.pages.page_reading import check_page

ROOT = Path(__file__).resolve().parents[2]


def figures(path):
    return next(iter(json.loads(path.read_text())["results"].values()))


@pytest.mark.slow
def test_the_quickstart_ends_with_a_trained_verified_model(tmp_path):
    folder = tmp_path / "quick start"
    done = subprocess.run(
        ["bash", ROOT / "scripts" / "quickstart.sh", folder],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    trained, untrained = figures(folder / "trained.json"), figures(folder / "untrained.json")
    assert trained["rank1"] > untrained["rank1"] + 0.3
    assert trained["mAP"] > untrained["mAP"] + 0.3
    assert "largest difference from the live network" in done.stdout
    assert (folder / "mgn.mindir").stat().st_size > 1_000_000
    page = check_page(folder / "run.html")
    rows = page.find("section", id="evaluation")[0].rows()
    assert rows[1][3] == f"{100 * trained['rank1']:.2f}"
    assert done.stdout.rstrip().endswith(f"Open the page of the run in a browser: {folder / 'run.html'}")
    for noise in ("Traceback", "[WARNING]", "[ERROR]", "Exception ignored"):
        assert noise not in done.stdout + done.stderr
