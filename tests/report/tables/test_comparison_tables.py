"""The papers' comparisons: whole, from the published rows alone, and only of what there is."""

import pytest

from mindreid.errors import ConfigError
from mindreid.report.tables.comparison_tables import FILE, comparison_tables
from mindreid.report.tables.published import load_published
from mindreid.report.tables.result_files import ResultFiles
from mindreid.zoo import list_models

SPECIFICATION = """
comparisons:
  - title: Two methods
    models: [val, mgn]
    settings:
      - {dataset: prcc, protocol: clothes_changing_multi_shot}
      - {dataset: market1501}
"""


def write(root, text):
    (root / FILE).parent.mkdir(parents=True)
    (root / FILE).write_text(text)
    (root / "results").mkdir()
    return ResultFiles(root / "results")


def test_methods_stand_below_and_settings_beside_each_other(tmp_path):
    lines = comparison_tables(write(tmp_path, SPECIFICATION), tmp_path).splitlines()
    assert lines[0] == "### Two methods"
    assert lines[2] == "| method | PRCC, clothes changing multi shot | Market-1501 | trained by |"
    assert lines[4] == "| [val](../models/val/README.md) | 52.0 / 51.7 | – | `val/prcc` |"
    assert lines[5] == "| [mgn](../models/mgn/README.md) | – | 95.7 / 86.9 | `mgn/market1501` |"
    # The ports are methods of their own; users' reports and re-ranked rows are for the cards.
    assert [line.split(" | ")[0] for line in lines[6:]] == [
        "| [mgn](../models/mgn/README.md), MGN-pytorch",
        "| [mgn](../models/mgn/README.md), ReID-MGN",
    ]


def test_every_published_figure_of_a_setting_is_there_once(tmp_path):
    """Against a plain walk over the published rows."""
    models = ", ".join(list_models())
    text = f"comparisons: [{{title: all, models: [{models}], settings: [{{dataset: market1501}}]}}]"
    lines = comparison_tables(write(tmp_path, text), tmp_path).splitlines()[4:]
    expected = {
        (model, row.method)
        for model in list_models()
        for row in load_published(model).rows
        if (row.dataset, row.variant, row.protocol, row.rerank) == ("market1501", "", "standard", False)
        and row.trust != "user"
    }
    assert len(lines) == len(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPECIFICATION.replace("mgn", "mgm"), "there is no model 'mgm'"),
        (SPECIFICATION.replace("title", "titel"), "titel"),
        ("comparisons: 3", "comparisons"),
    ],
)
def test_a_damaged_specification_is_one_clear_error(tmp_path, text, message):
    results = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message):
        comparison_tables(results, tmp_path)
