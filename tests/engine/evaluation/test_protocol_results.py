"""Results of an evaluation are stored as they always were, and read back as they were measured."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.engine.evaluation.protocol_results import (
    Figures,
    ProtocolResult,
    format_results,
    results_from_json,
    results_to_json,
)
from mindreid.errors import DataError

#: As written before results had a type: keys, their order and values.
STORED = """{
 "standard": {"rank1": 0.5, "rank5": 0.75, "rank10": 0.875, "rank20": 1.0, "mAP": 0.3, "mINP": 0.1,
  "queries": 8, "valid_queries": 7, "gallery": 40, "rule": "standard", "rerank": true},
 "single_shot": {"rank1": 0.5, "rank5": 0.75, "rank10": 0.875, "rank20": 1.0, "mAP": 0.3, "mINP": 0.1,
  "trials": 10,
  "std": {"rank1": 0.0, "rank5": 0.01, "rank10": 0.02, "rank20": 0.0, "mAP": 0.1, "mINP": 0.0},
  "queries": 8, "valid_queries": 7, "gallery": 40, "rule": "all", "rerank": false},
 "CL reid": {"rank1": 0.1, "mAP": 0.2, "mINP": 0.05, "queries": 24, "gallery": 36, "rule": "standard",
  "rerank": false},
 "CL gait": {"rank1": 0.1, "queries": 24, "gallery": 36, "rule": "pairs of other views", "rerank": false}
}"""

fractions = st.floats(0, 1)
counts = st.one_of(st.none(), st.integers(0, 10**6))
figures = {
    "rank1": fractions,
    **dict.fromkeys(("rank5", "rank10", "rank20", "mean_ap", "mean_inp"), st.one_of(st.none(), fractions)),
}


@st.composite
def protocol_results(draw):
    trials = draw(st.one_of(st.none(), st.integers(1, 100)))
    return draw(
        st.builds(
            ProtocolResult,
            **figures,
            queries=counts,
            valid_queries=counts,
            gallery=counts,
            rule=st.text(),
            rerank=st.booleans(),
            trials=st.just(trials),
            std=st.none() if trials is None else st.builds(Figures, **figures),
        )
    )


def test_what_the_data_have_nothing_for_is_null_in_files_and_a_dash_in_tables():
    """As CASIA-B's cross-view figures of sequences that have one view."""
    result = ProtocolResult(rank1=math.nan, mean_ap=math.nan, rule="standard")
    content = json.loads(json.dumps(results_to_json({"NM": result}), allow_nan=False))
    assert content["NM"] == {"rank1": None, "mAP": None, "rule": "standard", "rerank": False}
    read = results_from_json(content)["NM"]
    assert math.isnan(read.rank1)
    assert math.isnan(read.mean_ap)
    assert read.mean_inp is None
    assert read.figures() == {}
    assert [read.named(name) for name in ("rank1", "mAP", "mINP")] == [None, None, None]
    assert format_results({"NM": read}).splitlines()[-1].split() == [
        *("NM", "standard", "-", "-", "-", "-", "-", "-/-", "-", "no")
    ]


def test_files_of_before_are_read_and_written_unchanged():
    results = results_from_json(json.loads(STORED))
    assert json.dumps(results_to_json(results)) == json.dumps(json.loads(STORED))
    assert results["single_shot"].std == Figures(0.0, 0.01, 0.02, 0.0, 0.1, 0.0)
    assert (results["standard"].mean_ap, results["standard"].rerank) == (0.3, True)
    assert (results["CL gait"].mean_ap, results["CL gait"].valid_queries) == (None, None)


@given(st.dictionaries(st.text(), protocol_results()))
def test_what_is_stored_is_read_back(results):
    assert results_from_json(json.loads(json.dumps(results_to_json(results)))) == results


@given(protocol_results())
def test_the_table_shows_per_cent_and_a_dash_for_what_is_not_reported(result):
    row = format_results({"p": replace(result, rule="all")}).splitlines()[1]
    values = (result.rank1, result.rank5, result.rank10, result.mean_ap, result.mean_inp)
    assert row.split()[2:7] == ["-" if value is None else f"{100 * value:.2f}" for value in values]


def test_what_a_later_version_adds_is_left_out():
    assert ProtocolResult.from_json({"rank1": 0.5, "rank50": 1.0, "new": {}}) == ProtocolResult(0.5)


@pytest.mark.parametrize("content", [{}, {"mAP": 0.5}, [], None, {"rank1": 0.5, "std": {"mAP": 0.1}}])
def test_what_is_no_result_is_refused(content):
    with pytest.raises(DataError, match="no rank1"):
        ProtocolResult.from_json(content)
