"""The page of an index, asked as a browser asks."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from mindreid.errors import InvalidArgumentError
from mindreid.search.page import Access, SearchService
from mindreid.search.page.access import access_for
from mindreid.search.page.search_server import MOST_PICTURE, shown_address
from tests.pages.page_reading import read_markup
from tests.search.album.painted_photos import paint
from tests.search.page.conftest import TOKEN, paint_frame
from tests.search.page.page_requests import png, search, upload

PATHS = [
    "/api/index",
    "/api/pictures/x",
    "/api/searches/x/report",
    "/api/tracklets/x/frame",
    "/api/tracklets/x/clip",
]


def cameras(answer):
    return [hit["camera"] for hit in answer.json()["hits"]]


def test_without_the_token_nothing_is_told(stranger):
    for path in ["/", *PATHS]:
        answer = stranger.get(path)
        assert answer.status_code == 401
        assert "token" in answer.text
    for path in ("/api/pictures", "/api/searches", "/api/searches/x"):
        assert stranger.post(path, content=b"x").status_code == 401
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", "é", TOKEN.upper()):
        assert stranger.get("/", params={"token": wrong}).status_code == 401
        header = {"Authorization": f"Bearer {wrong}".encode()}
        assert stranger.get("/api/index", headers=header).status_code == 401
    assert stranger.get("/api/index", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
    assert stranger.get("/api/index", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_token_leaves_the_address_for_a_cookie(stranger):
    answer = stranger.get(f"/?token={TOKEN}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/").status_code == 200


def test_the_page_fetches_nothing_from_elsewhere(browser):
    texts = [browser.get(path) for path in ("/", "/style", "/script")]
    assert [text.headers["content-type"].split(";")[0] for text in texts] == [
        "text/html",
        "text/css",
        "text/javascript",
    ]
    for text in texts:
        assert text.status_code == 200
        assert "://" not in text.text.replace("http://www.w3.org", "")
        assert "default-src 'none'" in text.headers["content-security-policy"]
        assert text.headers["cache-control"] == "no-store"
    page = read_markup(texts[0].text)
    links = [
        e.attributes.get("src") or e.attributes.get("href") for e in page.find("script") + page.find("link")
    ]
    assert links == ["/style", "/script"] or sorted(links) == ["/script", "/style"]
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert browser.get(path).status_code == 404


def test_the_index_is_described(browser):
    held = browser.get("/api/index").json()
    assert (held["tracklets"], held["recordings"], held["cameras"]) == (4, 3, ["hall", "phone"])
    assert held["start"].startswith("2026-11-01T08:00")


def test_somebody_in_a_photo_is_found(browser):
    picture = upload(browser, ["anna", "dora"])
    assert len(picture["people"]) == 2
    shown = browser.get(f"/api/pictures/{picture['picture']}")
    assert Image.open(io.BytesIO(shown.content)).size == (picture["width"], picture["height"])
    answer = search(browser, picture=picture["picture"], box=picture["people"][0])
    assert answer.status_code == 200
    hits = answer.json()["hits"]
    assert answer.json()["nobody"] is None
    assert sorted(hit["camera"] for hit in hits[:2]) == ["hall", "phone"]
    assert hits[1]["score"] > 0.9 > hits[2]["score"]
    for hit in hits:
        for number in range(len(hit["crops"])):
            crop = browser.get(f"/api/tracklets/{hit['tracklet']}/crops/{number}")
            assert Image.open(io.BytesIO(crop.content)).format == "JPEG"
        assert browser.get(f"/api/tracklets/{hit['tracklet']}/crops/{len(hit['crops'])}").status_code == 400


def test_filters_hold(browser):
    picture = upload(browser, ["anna"])["picture"]
    assert set(cameras(search(browser, picture=picture, cameras=["hall"]))) == {"hall"}
    late = search(browser, picture=picture, after="2026-11-01T09:00:00Z")
    assert cameras(late) == []
    early = search(browser, picture=picture, before="2026-11-01T08:00:01+00:00", top=1)
    assert cameras(early) == ["hall"]


def test_a_frame_shows_its_people_and_one_of_them_is_looked_for(browser):
    hit = search(browser, picture=upload(browser, ["anna"])["picture"], cameras=["hall"]).json()["hits"][0]
    beside = browser.get(f"/api/tracklets/{hit['tracklet']}/people").json()
    assert (beside["width"], beside["height"]) == (320, 160)
    others = [person for person in beside["people"] if person["tracklet"] != hit["tracklet"]]
    assert len(others) == 1
    assert others[0]["box"] == pytest.approx([260, 30, 30, 90], abs=1)
    found = search(browser, tracklet=others[0]["tracklet"]).json()["hits"]
    assert others[0]["tracklet"] not in [one["tracklet"] for one in found]
    assert len(found) == 3


def test_the_frame_is_the_one_of_the_best_crop(browser, index):
    for tracklet in index.tracklets():
        answer = browser.get(f"/api/tracklets/{tracklet.id}/frame")
        assert answer.status_code == 200
        frame = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
        if tracklet.camera == "hall":
            assert np.abs(frame - paint_frame(tracklet.crops[0].frame)).mean() < 4


def test_a_clip_shows_the_tracklet(browser, index):
    for tracklet in index.tracklets():
        answer = browser.get(f"/api/tracklets/{tracklet.id}/clip")
        if tracklet.camera == "phone":
            assert answer.status_code == 400
            assert "a photo has no clip" in answer.json()["error"]
            continue
        clip = Image.open(io.BytesIO(answer.content))
        assert (clip.format, clip.size) == ("WEBP", (320, 160))
        # Four seconds at ten frames a second, of which half are shown.
        assert 18 <= clip.n_frames <= 22


def test_what_is_confirmed_and_rejected_moves_the_hits(browser, index):
    first = search(browser, picture=upload(browser, ["anna"])["picture"]).json()
    bert = next(hit["tracklet"] for hit in first["hits"] if hit["camera"] == "hall" and hit["score"] < 0.9)
    scores = {hit["tracklet"]: hit["score"] for hit in first["hits"]}
    moved = browser.post(f"/api/searches/{first['search']}", json={"confirmed": [bert]}).json()
    assert {hit["tracklet"]: hit["score"] for hit in moved["hits"]}[bert] > scores[bert] + 0.1
    gone = browser.post(f"/api/searches/{first['search']}", json={"rejected": [bert]}).json()
    assert bert not in [hit["tracklet"] for hit in gone["hits"]]
    assert len(gone["hits"]) == 3
    both = browser.post(f"/api/searches/{first['search']}", json={"rejected": [bert], "confirmed": [bert]})
    assert both.status_code == 400


def test_every_search_is_in_the_log_with_its_reason(browser, index):
    picture = upload(browser, ["anna"])
    before = len(index.log())
    found = search(browser, picture=picture["picture"], reason="lost child", cameras=["hall"]).json()
    tracklet = found["hits"][0]["tracklet"]
    search(browser, tracklet=tracklet)
    browser.post(f"/api/searches/{found['search']}", json={"rejected": [tracklet]})
    entries = index.log()[before:]
    assert [entry["action"] for entry in entries] == ["find"] * 3
    assert [entry["reason"] for entry in entries] == ["lost child", "a test", "lost child"]
    assert entries[0]["cameras"] == ["hall"]
    assert entries[0]["image_sha256"] == hashlib.sha256(png(paint(["anna"], seed=5))).hexdigest()
    assert tracklet not in json.dumps(entries)
    index.verify_log()
    for reason in ("", "   "):
        assert search(browser, tracklet=tracklet, reason=reason).status_code == 400
    assert len(index.log()) == before + 3


def test_a_search_that_can_not_be_logged_tells_nothing(browser, index, recordings):
    tracklet = next(iter(index.tracklets())).id
    log = index.folder / "log.jsonl"
    log.unlink(missing_ok=True)
    log.mkdir()
    answer = search(browser, tracklet=tracklet)
    assert answer.status_code in (400, 500)
    assert "hits" not in answer.json()


def test_an_index_that_grows_is_searched(browser, index):
    tracklet = next(iter(index.tracklets())).id
    code = (
        "import sys, time; from mindreid.search.index import open_index\n"
        "with open_index(sys.argv[1]).exclusive():\n    print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(index.folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        assert search(browser, tracklet=tracklet).status_code == 200
    finally:
        other.kill()
        other.communicate()


def test_a_report_can_be_checked(browser, index):
    found = search(browser, picture=upload(browser, ["anna"])["picture"], reason="<b>why</b>").json()
    browser.post(f"/api/searches/{found['search']}", json={"confirmed": [found["hits"][0]["tracklet"]]})
    answer = browser.get(f"/api/searches/{found['search']}/report")
    assert "attachment" in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    names = set(archive.namelist())
    sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == names - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    content = json.loads(archive.read("hits.json"))
    assert content["hits"][0]["tracklet"] == content["confirmed"][0]
    assert {hit["recording_sha256"] for hit in content["hits"]} == {source.id for source in index.sources()}
    page = read_markup(archive.read("report.html").decode())
    images = {image.attributes["src"] for image in page.find("img")}
    assert images == names - {"SHA256SUMS", "hits.json", "report.html"}
    assert "<b>why</b>" in page.text


def test_a_recording_that_is_gone_or_another_one_is_told(browser, index, recordings):
    tracklet = next(t for t in index.tracklets() if t.camera == "hall")
    video, content = recordings / "hall.avi", (recordings / "hall.avi").read_bytes()
    try:
        video.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        answer = browser.get(f"/api/tracklets/{tracklet.id}/frame")
        assert answer.status_code == 400
        assert "another file has taken" in answer.json()["error"]
        video.unlink()
        assert "not there any more" in browser.get(f"/api/tracklets/{tracklet.id}/frame").json()["error"]
        found = search(browser, tracklet=tracklet.id).json()
        report = browser.get(f"/api/searches/{found['search']}/report")
        assert (
            "not there any more" in zipfile.ZipFile(io.BytesIO(report.content)).read("report.html").decode()
        )
    finally:
        video.write_bytes(content)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"tracklet": "nobody"},
        {"picture": "never uploaded"},
        {"picture": "x", "tracklet": "x"},
        {"tracklet": ""},
        {"tracklet": "x" * 300},
        {"tracklet": "../../etc/passwd"},
        {"tracklet": "x", "after": "2026-11-01T08:00:00"},
        {"tracklet": "x", "top": 0},
        {"tracklet": "x", "top": 10**9},
        {"tracklet": "x", "cameras": "hall"},
        {"tracklet": "x", "unknown": 1},
        {"picture": "x", "box": [0, 0, 1]},
    ],
)
def test_wishes_that_make_no_sense(browser, wish):
    answer = search(browser, **wish)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("box", [[-50, 0, 10, 10], [0, 0, 0, 0], [1e300, 0, 1, 1], [0, 0, -5, 5]])
def test_boxes_outside_of_the_picture(browser, box):
    picture = upload(browser, ["anna"])["picture"]
    assert search(browser, picture=picture, box=box).status_code == 400


def test_what_is_sent_is_bounded(browser):
    assert browser.post("/api/pictures", content=b"x" * (MOST_PICTURE + 1)).status_code == 413
    assert browser.post("/api/searches", content=b" " * (1 << 17)).status_code == 413

    def pieces():
        for _ in range(MOST_PICTURE // (1 << 20) + 2):
            yield b"x" * (1 << 20)

    assert browser.post("/api/pictures", content=pieces()).status_code == 413
    lying = browser.post("/api/pictures", content=b"xy", headers={"Content-Length": "-1"})
    assert lying.status_code == 413
    for content in (b"", b"{", b"[]", b"null", b'{"reason": "\xff"}'):
        assert browser.post("/api/searches", content=content).status_code == 400


def test_old_pictures_make_room(browser):
    first = upload(browser, ["anna"])["picture"]
    for _ in range(16):
        upload(browser, ["bert"])
    answer = search(browser, picture=first)
    assert answer.status_code == 400
    assert "not held any more" in answer.json()["error"]


def test_scores_have_a_meaning_where_the_network_is_calibrated(index, model, worker):
    from mindreid.search.calibration import Calibration
    from mindreid.search.page.report_export import export_report
    from mindreid.search.page.search_service import RefineWish, SearchWish
    from tests.search.album.painted_photos import PaintedPeople

    curve = Calibration(
        model.described.sha256, model.described.inputs, [0.0, 1.0], [0.0, 1.0], 0.8, 0.5, 9, 9, "", ""
    )
    service = SearchService(index, model, PaintedPeople(), curve, worker.decode)
    picture = service.add_picture(png(paint(["anna"], seed=5)))["picture"]
    told = service.begin(SearchWish(picture=picture, reason="a test"))
    assert told["nobody"] is False
    assert told["hits"][0]["verdict"] == "likely"
    assert told["hits"][0]["probability"] == pytest.approx(told["hits"][0]["score"], abs=1e-6)
    refined = service.refine(told["search"], RefineWish(confirmed=(told["hits"][0]["tracklet"],)))
    assert (refined["nobody"], refined["refined"]) == (None, True)
    assert {(hit["verdict"], hit["probability"]) for hit in refined["hits"]} == {(None, None)}
    report = zipfile.ZipFile(io.BytesIO(export_report(index, service.search(told["search"]))))
    assert "refined: not calibrated" in report.read("report.html").decode()
    again = service.refine(told["search"], RefineWish())
    assert again["hits"] == told["hits"]
    alone = next(
        one.id
        for one in index.tracklets()
        if one.camera == "hall" and one.id not in [hit["tracklet"] for hit in told["hits"][:2]]
    )
    assert service.begin(SearchWish(tracklet=alone, reason="a test"))["nobody"] is True


def test_others_than_this_machine_need_a_token_that_was_chosen(tmp_path):
    for host in ("127.0.0.1", "localhost", "::1"):
        assert len(access_for(host, None).token) >= 16
    assert access_for("127.0.0.1", None).token != access_for("127.0.0.1", None).token
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org", "127.0.0.1.example.org"):  # noqa: S104
        with pytest.raises(InvalidArgumentError, match="--token-file"):
            access_for(host, None)
    (tmp_path / "token").write_text("a-long-enough-token\n")
    chosen = access_for("0.0.0.0", tmp_path / "token")  # noqa: S104
    assert chosen.is_right("a-long-enough-token")
    assert "a-long" not in shown_address("0.0.0.0", 80, chosen, chosen=True)  # noqa: S104
    for weak in ("short", "x" * 15, "with a blank in its middle", "sixteen;letters;;", "ünïcödéünïcödéünï"):
        with pytest.raises(InvalidArgumentError, match="at least 16"):
            Access(weak)
