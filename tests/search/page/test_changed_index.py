"""An index that changes while its page is open."""

import io
import json
import zipfile

import numpy as np

from mindreid.search.index import IndexedModel
from tests.search.page.page_requests import search, upload


def test_an_index_that_was_embedded_anew_is_not_searched_by_the_old_network(browser, index, recordings):
    found = search(browser, picture=upload(browser, ["anna"])["picture"]).json()
    tracklet = found["hits"][0]["tracklet"]
    other = IndexedModel("b" * 64, "other.onnx", {}, index.model().dimension)
    rows = np.eye(4, other.dimension, dtype=np.float32)
    index.replace_embeddings(other, zip(sorted(one.id for one in index.tracklets()), rows))
    before = len(index.log())
    for answer in (
        search(browser, picture=upload(browser, ["anna"])["picture"]),
        search(browser, tracklet=tracklet),
        browser.post(f"/api/searches/{found['search']}", json={"confirmed": [tracklet]}),
    ):
        assert answer.status_code == 400
        assert "embedded anew" in answer.json()["error"]
        assert "hits" not in answer.json()
    assert len(index.log()) == before


def test_who_is_forgotten_while_the_page_is_open_is_gone_from_it(browser, index):
    anna, source = next((t.id, t.source) for t in index.tracklets() if t.camera == "phone")
    by_tracklet = search(browser, tracklet=anna).json()["search"]
    by_picture = search(browser, picture=upload(browser, ["anna"])["picture"]).json()
    address = f"/api/searches/{by_picture['search']}"
    hall = [hit["tracklet"] for hit in by_picture["hits"] if hit["camera"] == "hall"]
    assert browser.post(address, json={"confirmed": [hall[0]], "rejected": [anna]}).status_code == 200
    with index.exclusive():
        index.delete([anna, hall[1]])
        index.delete_source(source)
    answer = browser.get(f"/api/searches/{by_tracklet}/query")
    assert answer.status_code == 400
    assert "forgotten in the meantime" in answer.json()["error"]
    assert browser.post(f"/api/searches/{by_tracklet}", json={}).status_code == 400
    report = browser.get(f"{address}/report")
    assert report.status_code == 200
    content = json.loads(zipfile.ZipFile(io.BytesIO(report.content)).read("hits.json"))
    assert (content["confirmed"], content["rejected"]) == ([hall[0]], [])
    assert {hit["tracklet"] for hit in content["hits"]} <= {one.id for one in index.tracklets()}
    again = browser.post(address, json={"confirmed": [hall[0], hall[1]], "rejected": [anna]})
    assert again.status_code == 200
    assert (again.json()["confirmed"], again.json()["rejected"]) == ([hall[0]], [])
    assert len(again.json()["hits"]) == 2
