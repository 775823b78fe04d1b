"""Pages of runs of other kinds: mined labels, viewpoints and clothes, gait."""

import json

import pytest

from mindreid.cli import main
from tests.pages.page_reading import check_page


@pytest.fixture(scope="module")
def page_of(smoke_run, tmp_path_factory):
    """Make the page of a method's short run; return it, and the run."""

    def page_of(method):
        run = smoke_run(method)
        output = tmp_path_factory.mktemp("pages") / f"{method}.html"
        arguments = ["report", "run", str(run.folder), "-o", str(output), "--queries", "2", "--top", "3"]
        assert main(arguments) == 0
        return check_page(output), run

    return page_of


def section(page, anchor):
    (found,) = page.find("section", id=anchor)
    return found


@pytest.mark.slow
def test_mined_labels_are_drawn_as_the_method_recorded_them(page_of):
    page, run = page_of("fire")
    rows = [json.loads(line) for line in (run.folder / "mining.jsonl").read_text().splitlines()]
    mined = section(page, "mining")
    charts = [caption.find("strong")[0].text for caption in mined.find("figcaption")]
    figures = [name for name in rows[0] if name not in ("epoch", "step")]
    assert charts == [name.replace("_", " ") for name in figures]
    assert [row[0] for row in mined.rows()[1:]] == [str(row["epoch"] + 1) for row in rows]
    assert mined.rows()[-1][1:] == [f"{rows[-1][name]:g}" for name in figures]
    assert len(mined.find("img")) >= 3
    assert {caption.text for caption in section(page, "maps").find("figcaption")} == {"input", "trunk"}


@pytest.mark.slow
def test_clothes_and_viewpoints_have_their_tables_and_colours(page_of):
    page, _ = page_of("val")
    assert not page.find("section", id="mining")
    titles = {caption.text for caption in section(page, "pairs").find("caption")}
    assert titles == {"mAP by pair of cameras", "mAP by pair of views", "by difference of the views"}
    apart = [row[0] for row in section(page, "pairs").rows() if row[0].endswith("view")]
    assert apart
    assert set(apart) <= {"same view", "another view"}
    kinds = [chart.attributes["class"] for chart in section(page, "embedding").find("svg")]
    assert kinds == ["plane person", "plane clothes", "plane camera"]


@pytest.mark.slow
def test_a_gait_run_shows_silhouettes(page_of):
    page, _ = page_of("aug_ogbase")
    samples = section(page, "data").find("img")
    assert samples
    for image in samples:
        assert image.attributes["alt"].startswith("silhouettes of person")
        assert "frames" in image.attributes["alt"]
        assert image.attributes["src"].startswith("data:image/png")
    assert "CL reid" in [row[0] for row in section(page, "evaluation").rows()]
    assert "distance" in section(page, "ranks").find("img")[1].attributes["alt"]
    assert section(page, "maps").find("img")
