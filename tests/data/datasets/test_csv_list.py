"""CSV lists: optional columns, one vocabulary of outfits per side, and damaged lists."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mindreid import load_dataset, metrics
from mindreid.config import load_recipe
from mindreid.data.open_dataset import open_dataset
from mindreid.engine.evaluation.protocol_check import check_protocols
from mindreid.errors import DataError

TRAIN = ["a.jpg,7,2,coat", "sub/b.jpg,7,0,shirt", "c.jpg,4,0,coat"]
QUERY = ["q1.jpg,4,0,coat", "q2.jpg,9,1,coat"]
GALLERY = ["g1.jpg,9,0,coat", "g2.jpg,4,1,dress", "g3.jpg,11,1,dress"]
HEADER = "path,pid,camid,clothes_id"


@pytest.fixture
def write(tmp_path, write_images):
    """Write the lists with the first ``columns`` columns, and the images that they list."""

    def write(columns=4, **replaced):
        lists = {"train": TRAIN, "query": QUERY, "gallery": GALLERY}
        for name, lines in lists.items():
            write_images(tmp_path, [line.split(",")[0] for line in lines])
            lines = [",".join(line.split(",")[:columns]) for line in (HEADER, *lines)]
            text = "\n".join(replaced.get(name, lines)) + "\n"
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid, record.clothes_id) for record in records]


def test_all_columns(write):
    root = write()
    dataset = load_dataset("csv_list", root)
    assert summarize(dataset.train) == [("a.jpg", 1, 2, 1), ("b.jpg", 1, 0, 2), ("c.jpg", 0, 0, 0)]
    assert summarize(dataset.query) == [("q1.jpg", 4, 0, 0), ("q2.jpg", 9, 1, 2)]
    assert summarize(dataset.gallery) == [("g1.jpg", 9, 0, 2), ("g2.jpg", 4, 1, 1), ("g3.jpg", 11, 1, 3)]
    assert dataset.train[1].path == str(root / "sub" / "b.jpg")
    assert {name: p.rule for name, p in dataset.protocols.items()} == {
        "standard": "standard",
        "clothes_changing": "clothes_changing",
        "same_clothes": "same_clothes",
    }
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (2, 3)


def test_without_clothes(write):
    dataset = load_dataset("csv_list", write(columns=3))
    assert {record.clothes_id for record in dataset.train + dataset.query + dataset.gallery} == {None}
    assert list(dataset.protocols) == ["standard"]


def test_without_cameras_nothing_is_junk_and_that_is_said(write):
    dataset = load_dataset("csv_list", write(columns=2))
    cameras = [record.camid for record in dataset.query + dataset.gallery]
    assert len(set(cameras)) == len(cameras)
    assert "nothing is junk" in dataset.variant


def test_without_cameras_an_image_does_not_find_itself(write):
    root = write(columns=2)
    (root / "link.jpg").symlink_to("q2.jpg")
    lines = ["path,pid", "g1.jpg,9", "sub/../q1.jpg,4", "g2.jpg,4", "link.jpg,9"]
    (root / "gallery.csv").write_text("\n".join(lines) + "\n")
    dataset = load_dataset("csv_list", root)
    protocol = dataset.protocols["standard"]
    sides = (protocol.query, protocol.gallery)
    labels = [[getattr(record, name) for record in side] for name in ("pid", "camid") for side in sides]
    distances = np.array([[3, 0, 2, 1], [3, 1, 2, 0]], np.float32)
    ranking = metrics.evaluate_distances(distances, *map(np.array, labels))
    assert [camid for camid in labels[3] if camid in labels[2]] == [0, 1]
    assert ranking.rank(1) == 0.0


def test_query_and_gallery_with_different_columns(write):
    root = write(gallery=["path,pid", "g1.jpg,9"])
    with pytest.raises(DataError, match="same columns"):
        load_dataset("csv_list", root)


def test_columns_in_another_order_quoted_paths_and_byte_order_mark(write, write_images):
    root = write(columns=2, query=["\ufeffpid,path", '4,"my query, first.jpg"', ""])
    write_images(root, ["my query, first.jpg"])
    assert summarize(load_dataset("csv_list", root).query)[0][:2] == ("my query, first.jpg", 4)


def test_other_list_names_and_absolute_paths(write, tmp_path):
    root = write()
    (root / "lists").mkdir()
    (root / "lists" / "mine.csv").write_text(f"path,pid\n{tmp_path / 'a.jpg'},1\n")
    dataset = load_dataset("csv_list", root, train="lists/mine.csv")
    assert dataset.train[0].path == str(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q1.jpg,4.5,0,coat", "pid is a whole number or a name, not '4.5'"),
        ("q1.jpg,1.2e+05,0,coat", "pid is a whole number or a name"),
        ("q1.jpg,.5E-3,0,coat", "pid is a whole number or a name"),
        ("q1.jpg,1.000,0,coat", "pid '1.000' may be 1000 or 1"),
        ('q1.jpg,4,"12,000",coat', "camid '12,000' may be 12000 or 12"),
        ("q1.jpg,nan,0,coat", "pid is a whole number or a name"),
        ("q1.jpg,-2,0,coat", "pid is a number from 0 or a name, not -2"),
        ("q1.jpg,4,-1,coat", "camid is a number from 0 or a name"),
        ("q1.jpg,4,0,-1", "clothes_id is a number from 0 or a name"),
        ("q1.jpg,4", "2 cells for 4 columns"),
        ("q1.jpg,4,0,", "the cell of the column 'clothes_id' is empty"),
        (",4,0,coat", "the cell of the column 'path' is empty"),
        ("q1.jpg,4,0,coat,red", "5 cells for 4 columns"),
        ('"q1.jpg,4,0,coat', "close the quotes"),
        ("nowhere.jpg,4,0,coat", "path: there is no file 'nowhere.jpg'"),
        ("sub,4,0,coat", "path: there is no file 'sub'"),
        ("q1.jpg\0,4,0,coat", "no text"),
        ("Q1.JPG,4,0,coat", "write 'q1.jpg': upper and lower case count"),
        ("SUB/b.jpg,4,0,coat", "there is no file"),
        ("https://example.org/q1.jpg,4,0,coat", "this is an address: fetch the image"),
        ("C:\\photos\\q1.jpg,4,0,coat", "a path on another computer"),
        ("q1.jpg,9,0,coat", "has the pid 9 here and 4 in .*query.csv:2"),
        ("./q1.jpg,4,7,coat", "has the camid 7 here and 0 in .*query.csv:2"),
        (f"q3.jpg,{'x' * 300},0,coat", "300 characters"),
    ],
)
def test_malformed_line_is_named_by_file_and_number(write, line, message):
    root = write(query=[HEADER, *QUERY, line])
    with pytest.raises(DataError, match=message) as error:
        load_dataset("csv_list", root)
    where = str(root / "query.csv")
    assert error.value.where == (where if "\0" in line else f"{where}:4")
    assert "\n" not in str(error.value)


def test_a_line_is_counted_from_where_it_begins(write):
    root = write(query=[HEADER, "", '"q1.jpg",4,0,"a coat', 'of two lines"', ",,,", "q2.jpg,9,1.5,coat"])
    with pytest.raises(DataError, match="camid") as error:
        load_dataset("csv_list", root)
    assert error.value.where == f"{root / 'query.csv'}:6"


def test_one_image_of_two_persons_in_query_and_gallery(write):
    root = write(query=[HEADER, *QUERY, "./sub/../g3.jpg,4,1,dress"])
    with pytest.raises(DataError, match=r"has the pid 11 here and 4 in .*query.csv:4") as error:
        load_dataset("csv_list", root)
    assert error.value.where == f"{root / 'gallery.csv'}:4"


def relist(root, change, encoding="utf-8"):
    """Write the lists again, each line changed."""
    for name in ("train", "query", "gallery"):
        file = root / f"{name}.csv"
        lines = file.read_text(encoding="utf-8").splitlines()
        text = "".join(change(line) + "\n" for line in lines)
        file.write_bytes(text.encode(encoding))
    return root


def as_pandas(line):
    """Numbers become floats, as pandas writes a column in which one was missing."""
    return ",".join(f"{cell}.0" if cell.isdecimal() else cell for cell in line.split(","))


@pytest.mark.parametrize(
    "change",
    [
        as_pandas,
        lambda line: line.replace(",", ";"),
        lambda line: line.replace(",", "\t"),
        lambda line: line.replace(",", " , "),
        lambda line: line + "\r",
        lambda line: ",".join(f'"{cell}"' for cell in line.split(",")),
        lambda line: ",".join(f"{int(cell):04d}" if cell.isdecimal() else cell for cell in line.split(",")),
        lambda line: line.replace("sub/", "sub\\"),
        lambda line: ",".join(reversed(line.split(","))),
        lambda line: line + "\n\n,,,",
        lambda line: as_pandas(line).replace(",", ";").replace(".0", ",0"),
    ],
)
def test_however_a_program_writes_them_the_lists_say_the_same(write, change):
    root = write()
    before = load_dataset("csv_list", root)
    after = load_dataset("csv_list", relist(root, change))
    assert (after.train, after.query, after.gallery) == (before.train, before.query, before.gallery)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_tell_themselves_are_read(write, encoding):
    root = write()
    for name in ("train", "query", "gallery"):
        file = root / f"{name}.csv"
        file.write_text(file.read_text(encoding="utf-8").replace("coat", "Mäntel 外套"), encoding="utf-8")
    before = load_dataset("csv_list", root)
    assert load_dataset("csv_list", relist(root, str, encoding)).train == before.train


def test_latin_1_is_refused_with_its_name(write):
    root = write(query=[HEADER, *QUERY, "q1.jpg,Zoë,0,coat"])
    relist(root, str, "latin-1")
    with pytest.raises(DataError, match="Latin-1") as error:
        load_dataset("csv_list", root)
    assert error.value.where == f"{root / 'query.csv'}:4"


def test_persons_and_cameras_by_name(write):
    names = {"4": "anna", "9": "Zoë", "11": "ben", "0": "door", "1": "hall"}

    def rename(line):
        path, *labels = line.split(",")
        return ",".join([path, *(names.get(label, label) for label in labels)])

    root = relist(write(), rename)
    dataset = load_dataset("csv_list", root)
    assert [r.pid for r in dataset.query] == [1, 0]
    assert [r.pid for r in dataset.gallery] == [0, 1, 2]
    assert [r.camid for r in dataset.query + dataset.gallery] == [0, 1, 0, 1, 1]
    # A name written with a combining accent is the same name.
    decomposed = root / "gallery.csv"
    decomposed.write_text(unicodedata.normalize("NFD", decomposed.read_text(encoding="utf-8")))
    assert load_dataset("csv_list", root).gallery == dataset.gallery


def test_names_and_numbers_mixed_stay_apart(write):
    gallery = [HEADER, "g1.jpg,9,0,coat", "g2.jpg,anna,1,dress", "g3.jpg,0,hall,dress"]
    dataset = load_dataset("csv_list", write(gallery=gallery))
    assert [r.pid for r in dataset.gallery] == [9, 10, 0]
    assert [r.camid for r in dataset.gallery] == [0, 1, 2]


def test_decimals_that_are_zero_are_none(write):
    query = [HEADER, "q1.jpg,0.000,0,coat", 'q2.jpg,"4,00",1.0,coat', "q3.jpg,1234.000,1,coat"]
    root = write()
    (root / "query.csv").write_text("\n".join(query) + "\n")
    (root / "q3.jpg").write_bytes((root / "q1.jpg").read_bytes())
    assert [r.pid for r in load_dataset("csv_list", root).query] == [0, 4, 1234]


@pytest.mark.parametrize("name", ["E-12", "e+1", "E-01", "E12", "1,000,000"])
def test_names_that_look_a_little_like_numbers(write, name):
    root = write(query=[HEADER, f'q1.jpg,"{name}",0,coat', *QUERY[1:]])
    assert [r.pid for r in load_dataset("csv_list", root).query] == [12, 9]


def test_a_number_too_long_for_one_is_a_name(write):
    long = "9" * 30
    root = write(query=[HEADER, f"q1.jpg,{long},0,coat", f"q2.jpg,{long}.0,1,coat"])
    dataset = load_dataset("csv_list", root)
    assert [r.pid for r in dataset.query] == [12, 12]


@pytest.mark.parametrize("nobody", ["-1", "-1.0", "\u22121", "-01"])
def test_nobody_is_left_out_everywhere_and_counted(write, write_images, nobody, caplog):
    root = write(
        train=[HEADER, *TRAIN, f"t9.jpg,{nobody},0,coat"],
        gallery=[HEADER, f"g0.jpg,{nobody},0,coat", f"g9.jpg,{nobody},1,coat", *GALLERY],
    )
    write_images(root, ["t9.jpg", "g0.jpg", "g9.jpg"])
    dataset = load_dataset("csv_list", root)
    assert len(dataset.train) == len(TRAIN)
    assert [Path(r.path).name for r in dataset.gallery] == ["g1.jpg", "g2.jpg", "g3.jpg"]
    assert f"{root / 'gallery.csv'}: 2 lines are left out: their images show nobody" in caplog.text


def test_a_line_that_is_there_twice_counts_once(write, caplog):
    dataset = load_dataset("csv_list", write(gallery=[HEADER, *GALLERY, "./g1.jpg,9,0.0,coat", GALLERY[2]]))
    assert len(dataset.gallery) == 3
    assert "2 lines are left out: their images are listed twice" in caplog.text


def test_spellings_that_may_be_a_mistake_are_said(write, caplog):
    root = write(query=[HEADER, "q1.jpg,007,0,coat", "q2.jpg,Anna,1,coat"],
                 gallery=[HEADER, "g1.jpg,7,0,coat", "g2.jpg,anna,1,dress"])  # fmt: skip
    dataset = load_dataset("csv_list", root)
    assert [r.pid for r in dataset.query + dataset.gallery] == [7, 8, 7, 9]
    assert "in the column pid, 007 and 7 count as one" in caplog.text
    assert "in the column pid, Anna and anna count as different ones" in caplog.text


def test_paths_outside_the_root_and_in_another_normal_form(write, write_images, tmp_path):
    root = write()
    inner = tmp_path / "inner"
    inner.mkdir()
    decomposed = unicodedata.normalize("NFD", "Zoë.jpg")
    write_images(inner, [decomposed])
    for name in ("train", "query", "gallery"):
        lines = (root / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        (inner / f"{name}.csv").write_text("\n".join([lines[0], *(f"../{line}" for line in lines[1:])]))
    with (inner / "query.csv").open("a", encoding="utf-8") as stream:
        stream.write("\nZoë.jpg,4,0,coat\n")
    dataset = load_dataset("csv_list", inner)
    assert all(Path(record.path).is_file() for record in dataset.query + dataset.gallery)
    assert Path(dataset.query[-1].path).name == decomposed


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("path,person,camid,clothes_id", "unknown column 'person' (did you mean 'pid'?)"),
        ("image,pid,camid,clothes_id", "unknown column 'image' (did you mean 'path'?)"),
        ("path,PID,camid,clothes_id", "unknown column 'PID' (did you mean 'pid'?)"),
        ("path,pid,camera,clothes_id", "unknown column 'camera' (did you mean 'camid'?)"),
        ("path,pid,camid,outfit", "unknown column 'outfit' (did you mean 'clothes_id'?)"),
        (",path,pid,camid", "column 1 has no name"),
        ("path,pid,pid,camid", "the column 'pid' is there twice"),
        ("path|pid|camid", "separators are comma, semicolon, tab"),
        ("a.jpg,7,2,coat", "the first line names the columns"),
    ],
)
def test_a_header_that_is_none_says_what_one_is(write, header, message):
    root = write(train=[header, *TRAIN])
    with pytest.raises(DataError, match=re.escape(message)) as error:
        load_dataset("csv_list", root)
    assert error.value.where == f"{root / 'train.csv'}:1"


CELLS = st.text(st.sampled_from('ab1-.,;"\t\n\r \u22120ë\0/\\'), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=4), head=st.booleans())
def test_any_list_is_read_or_refused_with_its_place(write, lines, head):
    root = write()
    text = "\n".join([HEADER, *lines] if head else lines)
    (root / "query.csv").write_bytes(text.encode())
    try:
        where = load_dataset("csv_list", root).query[0].path
    except DataError as error:
        where = error.where
    assert where.startswith(str(root))


def test_misspelt_column_is_refused(write):
    root = write(query=["path,pid,camId,clothes_id", *QUERY])
    with pytest.raises(DataError, match="did you mean 'camid'"):
        load_dataset("csv_list", root)


@pytest.mark.parametrize("content", [[], ["path"], ["pid,camid"]])
def test_missing_column(write, content):
    with pytest.raises(DataError, match="is missing"):
        load_dataset("csv_list", write(train=content))


def test_list_without_lines(write):
    with pytest.raises(DataError, match="gallery split of 'csv_list' is empty"):
        load_dataset("csv_list", write(gallery=[HEADER]))


def test_missing_list(write):
    root = write()
    (root / "gallery.csv").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("csv_list", root)
    assert error.value.missing == ("gallery.csv",)


def test_who_is_trained_on_and_tested_on_is_warned_of(write, caplog):
    """Training persons are numbered anew, so that records alone don't tell."""
    train = [HEADER, "a.jpg,anna,2,coat", "sub/b.jpg,09,0,shirt", "c.jpg,carl,0,coat", "c.jpg,carl,0,coat"]
    query = [HEADER, "q1.jpg,anna,0,coat", "q2.jpg,9,1,coat"]
    gallery = [HEADER, "g1.jpg,9,0,coat", "g2.jpg,anna,1,dress", "g3.jpg,-1,1,dress"]
    root = write(train=train, query=query, gallery=gallery)
    (warning,) = load_dataset("csv_list", root).warnings
    assert warning.startswith("2 of 3 training persons (9, anna) are tested on, too, ")
    recipe = load_recipe("mgn/walkers", ["dataset.name=csv_list", ("dataset.root", str(root))])
    with caplog.at_level("WARNING", "mindreid"):
        opened = open_dataset(recipe)
    assert caplog.messages.count(f"{root}: {warning}") == 1
    assert check_protocols(opened).warnings[0] == warning


def test_of_many_shared_persons_three_are_named(write):
    persons = [HEADER, "a.jpg,d,0,coat", "sub/b.jpg,c,0,coat", "c.jpg,b,0,coat", "g3.jpg,a,0,coat"]
    (warning,) = load_dataset("csv_list", write(train=persons, query=persons, gallery=persons)).warnings
    assert warning.startswith("4 of 4 training persons (a, b, c, …) are tested on")


def test_disjoint_persons_are_not_warned_of(write):
    train = [HEADER, "a.jpg,anna,2,coat", "sub/b.jpg,-1,0,shirt", "c.jpg,Anna ,0,coat"]
    query = [HEADER, "q1.jpg,ANNA,0,coat", "q2.jpg,-1,1,coat"]
    gallery = [HEADER, "g1.jpg,ANNA,1,coat", "g2.jpg,ben,1,dress", "g3.jpg,-1,1,dress"]
    assert load_dataset("csv_list", write(train=train, query=query, gallery=gallery)).warnings == ()
