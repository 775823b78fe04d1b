"""What a browser sends to the page."""

import io

from PIL import Image

from tests.search.album.painted_photos import paint


def png(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def upload(browser, persons):
    return browser.post("/api/pictures", content=png(paint(persons, seed=5))).json()


def search(browser, **wish):
    return browser.post("/api/searches", json={"reason": "a test", **wish})
