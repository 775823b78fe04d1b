"""Albums of painted photos: grouped, named, merged, and brought up to date."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import pytest

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.album import AlbumWishes, make_album
from tests.pages.page_reading import read_markup
from tests.search.album.album_files import groups_of, rows_of, state_of
from tests.search.album.painted_photos import PaintedPeople, put

PHOTOS = {
    "1.png": ["anna", "bert"], "2.png": ["anna"], "3.png": ["bert", "anna"], "trip/4.png": ["cleo"],
    "trip/5.png": ["cleo", "bert"], "trip/6.png": ["dora"], "trip/empty.png": [],
}  # fmt: skip


@pytest.fixture
def photos(tmp_path):
    for name, persons in PHOTOS.items():
        put(tmp_path / "photos", name, persons)
    return tmp_path / "photos"


@pytest.fixture
def run(photos, model, tmp_path):
    """Bring the album up to date, with wishes."""

    def make(folder=tmp_path / "album", **wishes):
        return make_album(
            photos, folder, model, PaintedPeople(), found_by="paint", least_similarity=0.7,
            wishes=AlbumWishes(**wishes),
        )  # fmt: skip

    return make


def group_with(folder, *names):
    """The number of the group that has exactly these photos."""
    return next(group for group, photos in groups_of(folder).items() if photos == sorted(names))


def picture_of(folder, photo, place=0):
    """The id of the person at a place from the left in a photo."""
    rows = [row for row in rows_of(folder) if Path(row["photo"]).name == photo]
    return sorted(rows, key=lambda row: float(row["left"]))[place]["picture"]


def test_everybody_is_put_together_and_strangers_are_left(run, tmp_path):
    album = run()
    assert (album.photos, album.pictures, album.persons, album.strangers) == (7, 9, 3, 1)
    assert sorted(map(tuple, groups_of(tmp_path / "album").values())) == [
        ("1.png", "2.png", "3.png"),
        ("1.png", "3.png", "5.png"),
        ("4.png", "5.png"),
        ("6.png",),
    ]


def test_photos_behind_a_link_stay_in_the_album(photos, run, tmp_path):
    run()
    before = groups_of(tmp_path / "album")
    (photos / "trip").rename(tmp_path / "moved")
    (photos / "trip-of-may").symlink_to(tmp_path / "moved")
    # And one that leads back to where the album lies.
    (photos / "all").symlink_to(tmp_path)
    run()
    album = run()
    assert (album.photos, album.pictures) == (7, 9)
    assert groups_of(tmp_path / "album") == before


def test_two_in_one_photo_are_two_however_alike(photos, run, tmp_path):
    shutil.rmtree(photos)
    put(photos, "twins.png", ["anna", "anna"])
    put(photos, "again.png", ["anna", "anna"])
    assert (run().pictures, run().persons) == (4, 2)
    for names in groups_of(tmp_path / "album").values():
        assert names == ["again.png", "twins.png"]


def test_the_originals_stay_as_they_are(photos, run):
    def originals():
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
            if path.is_file()
            else None
            for path in photos.rglob("*")
        }

    for path in photos.rglob("*.png"):
        path.chmod(0o444)
    before = originals()
    run()
    run(names=(("1", "Anna"),), regroup=True)
    assert originals() == before


def test_a_second_run_changes_nothing(run, tmp_path):
    first = run()
    before = state_of(tmp_path / "album")
    assert len(before) > 12
    assert run() == first
    assert state_of(tmp_path / "album") == before


def test_names_and_merges_survive_new_photos(photos, run, tmp_path):
    album = tmp_path / "album"
    run()
    anna, cleo = group_with(album, "1.png", "2.png", "3.png"), group_with(album, "4.png", "5.png")
    dora = picture_of(album, "6.png")
    run(names=((anna, 'Änna, "A"'),), merges=((cleo, dora),))
    assert groups_of(album)[cleo] == ["4.png", "5.png", "6.png"]
    before = {row["picture"]: (row["group"], row["name"]) for row in rows_of(album)}
    put(photos, "new/7.png", ["anna", "cleo"])
    put(photos, "new/8.png", ["dora"])
    run()
    after = {row["picture"]: (row["group"], row["name"]) for row in rows_of(album)}
    assert {picture: after[picture] for picture in before} == before
    assert groups_of(album)[anna] == ["1.png", "2.png", "3.png", "7.png"]
    assert {name for group, name in after.values() if group == anna} == {'Änna, "A"'}
    assert groups_of(album)[cleo] == ["4.png", "5.png", "6.png", "7.png", "8.png"]
    run(regroup=True)
    assert groups_of(album)[anna] == ["1.png", "2.png", "3.png", "7.png"]
    assert {"4.png", "5.png", "6.png"} <= set(groups_of(album)[cleo])


def test_the_owner_edits_the_table(run, tmp_path):
    album = tmp_path / "album"
    run()
    anna, cleo = group_with(album, "1.png", "2.png", "3.png"), group_with(album, "4.png", "5.png")
    rows = rows_of(album, "people.csv")
    lines = ["\ufeffgroup;name;same_as;photos"]
    for row in rows:
        is_cleo = row["group"] == cleo
        lines.append(";".join((row["group"], "Cleo" if is_cleo else "", anna if is_cleo else "", "9")))
    (album / "people.csv").write_text("\r\n".join(lines), encoding="utf-8")
    run()
    assert groups_of(album)[anna] == ["1.png", "2.png", "3.png", "4.png", "5.png"]
    # Taken back in the same way.
    rows = rows_of(album, "people.csv")
    assert {row["group"]: row["name"] for row in rows}[cleo] == "Cleo"
    text = "group,name,same_as\n" + "".join(f"{row['group']},{row['name']},\n" for row in rows)
    (album / "people.csv").write_text(text)
    run()
    assert groups_of(album)[cleo] == ["4.png", "5.png"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("group,name\n1,x\n", "'same_as' is missing"),
        ("group,name,same_as\nx,x,\n", "line 2"),
        ("group,name,same_as\n1,x,\n1,y,\n", "line 3"),
        ("group,name,same_as\n1,x,2\n2,y,1\n", "circle"),
        ("group,name,same_as\n1,x,1\n", "circle"),
        ("group,name,same_as\n1,x,77\n", "not there"),
        ("group,name,same_as\n77,x,\n", "never was a group 77"),
        ("group,name,same_as\n1,x,-1\n", "no number"),
        ("group,name,same_as\n1\n", None),
        ("", "'group' is missing"),
    ],
)
def test_a_table_that_can_not_be_is_refused_and_stays(run, tmp_path, text, problem):
    run()
    (tmp_path / "album" / "people.csv").write_text(text)
    before = state_of(tmp_path / "album")
    if problem is None:
        run()
        return
    with pytest.raises(DataError, match=problem):
        run()
    assert state_of(tmp_path / "album") == before


def test_two_in_one_photo_are_never_merged_by_hand_either(run, tmp_path):
    album = tmp_path / "album"
    run()
    anna, bert = group_with(album, "1.png", "2.png", "3.png"), group_with(album, "1.png", "3.png", "5.png")
    before = state_of(album)
    with pytest.raises(DataError, match="two persons in one photo"):
        run(merges=((anna, bert),))
    assert state_of(album) == before


def test_a_wrong_picture_is_set_apart_for_good(run, tmp_path):
    album = tmp_path / "album"
    run()
    anna, wrong = group_with(album, "1.png", "2.png", "3.png"), picture_of(album, "2.png")
    for wishes in ({"apart": (wrong,)}, {}):
        run(**wishes)
        assert groups_of(album)[anna] == ["1.png", "3.png"]
        assert groups_of(album)[""] == ["2.png", "6.png"]
    run(names=((wrong, "Anne"),))
    assert [row["name"] for row in rows_of(album) if row["picture"] == wrong] == ["Anne"]
    assert groups_of(album)[""] == ["6.png"]


@pytest.mark.parametrize("wishes", [{"names": (("99", "x"),)}, {"merges": (("1", "zz"),)}, {"apart": ("1",)}])
def test_wishes_for_nobody_are_refused(run, tmp_path, wishes):
    run()
    before = state_of(tmp_path / "album")
    with pytest.raises(InvalidArgumentError, match="no such group or picture"):
        run(**wishes)
    assert state_of(tmp_path / "album") == before


def test_photos_that_are_gone_leave_and_come_back_to_their_groups(photos, run, tmp_path):
    album = tmp_path / "album"
    run()
    run(names=((group_with(album, "4.png", "5.png"), "Cleo"),))
    before = {row["picture"]: row["group"] for row in rows_of(album)}
    crops = len(list((album / "index" / "crops").rglob("*.jpg")))
    shutil.move(photos / "trip", tmp_path / "elsewhere")
    assert run().photos == 3
    assert not any("trip" in row["photo"] for row in rows_of(album))
    assert len(list((album / "index" / "crops").rglob("*.jpg"))) == crops - 4
    shutil.move(tmp_path / "elsewhere", photos / "moved")
    run()
    assert {row["picture"]: row["group"] for row in rows_of(album)} == before


def test_copies_count_once_and_are_listed(photos, run, tmp_path):
    shutil.copy(photos / "2.png", photos / "copy of 2.png")
    assert (run().photos, run().pictures) == (7, 9)
    rows = rows_of(tmp_path / "album")
    assert len(rows) == 10
    assert len({row["group"] for row in rows if Path(row["photo"]).name in ("2.png", "copy of 2.png")}) == 1


def test_an_unreadable_photo_is_left_out_and_named(photos, run, caplog):
    (photos / "damaged.jpg").write_bytes(b"\xff\xd8 no picture")
    assert run().photos == 7
    assert "damaged.jpg" in caplog.text


def test_the_page_shows_everybody_and_fetches_nothing(photos, run, tmp_path):
    odd = put(photos, "<b>&'é%20 #?.png", ["dora"])
    run()
    run(names=(("1", "<script>alert(1)</script>"),))
    album = tmp_path / "album"
    text = (album / "index.html").read_text(encoding="utf-8")
    assert "://" not in text
    assert "<script>alert" not in text
    page = read_markup(text)
    images = page.find("img")
    assert len(images) == 10
    for image in images:
        assert (album / unquote(image.attributes["src"])).is_file()
        assert image.attributes["alt"]
    links = [
        link.attributes["href"] for link in page.find("a") if not link.attributes["href"].startswith("#")
    ]
    targets = {(album / unquote(link)).resolve() for link in links}
    assert odd.resolve() in targets
    assert all(target.is_file() for target in targets)
    assert "<script>alert(1)</script>" in [title.text for title in page.find("h2")]


def test_names_that_no_text_can_hold(tmp_path, model):
    photos = tmp_path / os.fsdecode(b"photos \xff")
    for name in ("1.png", "2.png"):
        put(photos, name, ["anna"])
    (photos / "2.png").rename(photos / os.fsdecode(b"\xfe.png"))
    for _ in range(2):
        album = make_album(
            photos, tmp_path / "odd", model, PaintedPeople(), found_by="paint", least_similarity=0.7
        )
    assert (album.persons, album.strangers) == (1, 0)
    with (tmp_path / "odd" / "album.csv").open(newline="", errors="surrogateescape") as file:
        assert sorted(row["photo"] for row in csv.DictReader(file)) == sorted(map(str, photos.iterdir()))
    page = read_markup((tmp_path / "odd" / "index.html").read_text(encoding="utf-8"))
    links = [
        link.attributes["href"] for link in page.find("a") if not link.attributes["href"].startswith("#")
    ]
    targets = {(tmp_path / "odd" / os.fsdecode(unquote_to_bytes(link))).resolve() for link in links}
    assert targets == {path.resolve() for path in photos.iterdir()}


@pytest.mark.parametrize("place", ["photos/album", "photos", "."])
def test_an_album_and_its_photos_are_beside_each_other(run, tmp_path, place):
    with pytest.raises(DataError, match="not within"):
        run(tmp_path / place)


def test_what_is_no_album_is_left_alone(run, tmp_path, model, photos):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(DataError, match="not an empty folder"):
        run(tmp_path / "letters")
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["a.txt"]
    run()
    with pytest.raises(DataError, match="found by paint, not by eye"):
        make_album(photos, tmp_path / "album", model, None, found_by="eye", least_similarity=0.7)
    put(tmp_path / "others", "1.png", ["anna"])
    with pytest.raises(DataError, match="this is the album of"):
        make_album(
            tmp_path / "others",
            tmp_path / "album",
            model,
            PaintedPeople(),
            found_by="paint",
            least_similarity=0.7,
        )
