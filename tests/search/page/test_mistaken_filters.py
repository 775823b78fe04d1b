"""The page is told of filters that can only be mistakes."""

from tests.search.page.page_requests import upload


def test_a_camera_that_is_not_there_and_times_the_wrong_way_round_are_refused(browser):
    wish = {"picture": upload(browser, ["anna"])["picture"], "reason": "lost child"}
    answer = browser.post("/api/searches", json={**wish, "cameras": ["hal"]})
    assert answer.status_code == 400
    assert "the index has hall, phone" in answer.text
    times = {"after": "2026-11-02T00:00:00Z", "before": "2026-11-01T00:00:00Z"}
    answer = browser.post("/api/searches", json={**wish, **times})
    assert answer.status_code == 400
    assert "nothing is after" in answer.text


def test_where_nobody_was_is_not_the_answer_nobody(browser):
    picture = upload(browser, ["anna"])["picture"]
    wish = {"picture": picture, "reason": "lost child", "cameras": ["hall"], "after": "2026-11-01T09:00:00Z"}
    answer = browser.post("/api/searches", json=wish).json()
    assert (answer["hits"], answer["nobody"]) == ([], None)
