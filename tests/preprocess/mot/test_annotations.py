"""Annotations as other programs write them: read as meant, or refused by line and column."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.mot.boxes import Box
from mindreid.preprocess.mot.rules import Reading
from tests.preprocess.mot.painted_sequence import lines

PLAIN = lines(range(1, 4))


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "gt.txt"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def expected(tmp_path):
    return read_annotations(write(tmp_path, "\n".join(PLAIN)))


def test_boxes_are_those_of_the_lines(expected):
    assert len(expected) == 18
    assert expected[7] == Box(2, 2, left=14, top=64, width=24, height=30)
    assert [box.line for box in expected] == list(range(1, 19))


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", "  ", ", ", " ,"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\n\n", " \n"])
def test_separators_and_line_ends(tmp_path, expected, separator, ending):
    path = write(tmp_path, ending.join(line.replace(",", separator) for line in PLAIN) + ending)
    assert read_annotations(path) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings(tmp_path, expected, encoding):
    assert read_annotations(write(tmp_path, "\n".join(PLAIN), encoding)) == expected
    assert read_annotations(write(tmp_path, codecs.BOM_UTF16_BE.decode("utf-16-be") + PLAIN[0], "utf-16-be"))


def test_latin_1_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"perhaps Latin-1.*gt\.txt:2"):
        read_annotations(write(tmp_path, f"{PLAIN[0]}\n2,1,5,5,9,9,1,peatón\n", "latin-1"))


@pytest.mark.parametrize(
    "first",
    [
        "frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z",
        "FrameId,TrackId,X,Y,Width,Height,Confidence,ClassId,Visibility",
        '"frame","track_id","x1","y1","w","h","score"',
        "# made by a tracker",
        "",
        "#frame id x y w h",
    ],
)
def test_headers_and_comments(tmp_path, expected, first):
    found = read_annotations(write(tmp_path, "\n".join([first, *PLAIN])))
    assert found == expected
    assert found[0].line == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line + ",",
        lambda line: line.replace(",1,-1,-1,-1", ",1,,,"),
        lambda line: line.replace(",1,-1,-1,-1", ""),
        lambda line: line.replace(",1,-1,-1,-1", ",-1,-1,-1,-1"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,0,0,0"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,-4.1554,-7.3591,0"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,person,-1,-1"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,Pedestrian"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,1,-1"),
        lambda line: line.replace(",1,-1,-1,-1", ",1,0"),
        lambda line: ",".join(f'"{column}"' for column in line.split(",")),
        lambda line: ",".join(
            f"{column}.0" if index < 2 else column for index, column in enumerate(line.split(","))
        ),
    ],
)
def test_columns_that_say_the_same(tmp_path, expected, change):
    assert read_annotations(write(tmp_path, "\n".join(map(change, PLAIN)))) == expected


def test_lines_of_six_to_ten_columns_may_mix(tmp_path, expected):
    endings = ["", ",1", ",1,-1", ",1,-1,-1", ",1,-1,-1,-1", ",1,1,1"]
    mixed = [line.replace(",1,-1,-1,-1", endings[n % 6]) for n, line in enumerate(PLAIN)]
    assert read_annotations(write(tmp_path, "\n".join(mixed))) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nan,1,5,5,9,9,1", r"column 1 \(frame\) is 'nan', which is no finite number"),
        ("inf,1,5,5,9,9,1", r"column 1 \(frame\)"),
        ("1.5,1,5,5,9,9,1", r"column 1 \(frame\) is '1\.5', which is no whole number"),
        ("-1,1,5,5,9,9,1", r"column 1 \(frame\) is '-1'"),
        ("1e300,1,5,5,9,9,1", r"column 1 \(frame\) is '1e300', which is not in"),
        ("99999999999999,1,5,5,9,9,1", r"column 1 \(frame\)"),
        ("9" * 5000 + ",1,5,5,9,9,1", r"column 1 \(frame\) is '9{29}…'"),
        ("frame,id,left,top,width,height", r"column 1 \(frame\) is 'frame'"),
        ("1_0,1,5,5,9,9,1", r"column 1 \(frame\) is '1_0'"),
        ("١,1,5,5,9,9,1", r"column 1 \(frame\)"),
        ("9,1.5,5,5,9,9,1", r"column 2 \(id\) is '1\.5', which is no whole number"),
        ("9,-2,5,5,9,9,1", r"column 2 \(id\) is '-2'"),
        ("9,9007199254740993,5,5,9,9,1", r"column 2 \(id\)"),
        ("9,,5,5,9,9,1", r"column 2 \(id\) is '', which is empty"),
        ("9,anna,5,5,9,9,1", r"column 2 \(id\) is 'anna'"),
        ("9,1,NaN,5,9,9,1", r"column 3 \(left\) is 'NaN'"),
        ("9,1,5,-inf,9,9,1", r"column 4 \(top\)"),
        ("9,1,1e9,5,9,9,1", r"column 3 \(left\) is '1e9', which is beyond any picture"),
        ("9,1,5,5,0,9,1", r"column 5 \(width\) is '0', which leaves nothing"),
        ("9,1,5,5,9,-3,1", r"column 6 \(height\) is '-3', which leaves nothing"),
        ("9,1,5,5,9,9,nan", r"column 7 \(confidence\)"),
        ("9,1,5,5,9,9,1,nan", r"column 8 \(class\)"),
        ("9,1,5,5,9,9,1,1,1.5", r"column 9 \(visibility\) is '1\.5', which is no share"),
        ("9,1,5,5,9", r"there are 5 columns, not 6 to 10"),
        ("9,1,5,5,9,9,1,-1,-1,-1,7", r"there are 11 columns, not 6 to 10"),
        ("9;1;5,5;5;9;9", r"column 3 \(left\) is '5,5'"),
        ("what is this", r"there are 3 columns"),
    ],
)
def test_a_line_that_means_nothing_is_named(tmp_path, line, message):
    with pytest.raises(DataError, match=message + r".*gt\.txt:3\. Fix"):
        read_annotations(write(tmp_path, f"{PLAIN[0]}\n\n{line}\n{PLAIN[1]}\n"))


@pytest.mark.parametrize(
    "header",
    [
        "id,frame,left,top,width,height",
        "frame,id,x1,y1,x2,y2",
        "frame,id,left,top,width,height,class,conf",
        "frame,id,cx,cy,w,h",
        "frame,id,left,top",
        ",frame,id,left,top,width,height",
        "nan,1,5,5,9,9",
    ],
)
def test_a_header_of_other_columns_is_refused(tmp_path, header):
    with pytest.raises(DataError, match=r"gt\.txt:1\. Fix"):
        read_annotations(write(tmp_path, "\n".join([header, *PLAIN])))


@pytest.mark.parametrize("text", ["", "\n\n", "﻿", "frame,id,left,top,width,height\n", "# nothing\n"])
def test_a_file_without_lines_is_refused(tmp_path, text):
    with pytest.raises(DataError, match="no box of a person"):
        read_annotations(write(tmp_path, text))


def test_an_identity_twice_in_a_frame_is_refused_with_both_lines(tmp_path):
    with pytest.raises(DataError, match=r"identity 2 is already in frame 1, in line 2: .*gt\.txt:19"):
        read_annotations(write(tmp_path, "\n".join([*PLAIN, "1,2,100,100,20,40,1,-1,-1,-1"])))


def test_the_same_number_for_a_car_and_a_person_is_no_repetition(tmp_path):
    path = write(tmp_path, "1,2,5,5,9,9,1,car\n1,2,50,5,9,9,1,person\n")
    assert [box.left for box in read_annotations(path)] == [49]


def test_detections_without_identities_are_refused(tmp_path):
    detections = [line.replace(line.split(",")[1], "-1", 1) for line in ("1,7,5,5,9,9,1", "2,7,5,5,9,9,1")]
    with pytest.raises(DataError, match=r"all identities are -1: these are detections.*gt\.txt:1"):
        read_annotations(write(tmp_path, "\n".join(detections)))
    with pytest.raises(DataError, match=r"column 2 \(id\) is -1.* 2 of 20 lines.*gt\.txt:19"):
        read_annotations(write(tmp_path, "\n".join([*PLAIN, *detections])))


def test_a_region_that_annotators_left_out_is_nobody(tmp_path, expected):
    path = write(tmp_path, "\n".join([*PLAIN, "1,-1,5,5,90,90,0,-1,-1,-1", "1,-1,8,5,90,90,0,-1,-1,-1"]))
    assert read_annotations(path) == expected


def classed(*classes, columns=",1"):
    """A line for each class, by identity from 1."""
    return "\n".join(f"1,{n},{30 * n},5,9,9,1,{label}{columns}" for n, label in enumerate(classes, 1))


@pytest.mark.parametrize(
    ("classes", "persons"),
    [
        (["1", "2", "7", "12"], [1]),
        (["1.0", "2.0", "1"], [1, 3]),
        (["person", "car", "PERSON", "pedestrian", "Person_sitting"], [1, 3, 4]),
        (["0", "0"], [1, 2]),
        (["-1", "-1"], [1, 2]),
    ],
)
@pytest.mark.parametrize("columns", ["", ",1"])
def test_classes_that_are_clear(tmp_path, classes, persons, columns):
    boxes = read_annotations(write(tmp_path, classed(*classes, columns=columns)))
    assert [box.person for box in boxes] == persons


@pytest.mark.parametrize(
    ("classes", "columns", "message"),
    [
        (["0", "1", "2"], ",1", r"a class 0 beside others: COCO calls a person 0, MOTChallenge 1.*gt\.txt:1"),
        (["2", "0"], "", r"a class 0 beside others.*gt\.txt:2"),
        (["2", "3"], ",1", r"no box of a person, column 8 says 2, 3"),
        (["car", "dog"], ",1", r"no box of a person, column 8 says car, dog"),
        (["person", "2"], ",1", r"names and numbers: 2, person"),
        (["1", "0.5"], ",1", r"column 8 \(class\) is '0\.5'.*gt\.txt:2"),
        (["1", "2", "-1"], ",1", r"no class in column 8, but line 2 has '2'.*gt\.txt:3"),
        # VisDrone: category, truncation, occlusion.
        (["1", "4", "0"], ",0,2", r"column 8 is a class or a position, it says 0, 1, 4.*gt\.txt:1"),
        (["0", "1"], ",0,0", r"column 8 is a class or a position"),
    ],
)
def test_classes_that_are_not_clear_are_for_the_user_to_tell(tmp_path, classes, columns, message):
    with pytest.raises(DataError, match=message):
        read_annotations(write(tmp_path, classed(*classes, columns=columns)))


@pytest.mark.parametrize(
    ("classes", "columns", "person_class", "persons"),
    [
        (["0", "1", "2"], ",1", "0", [1]),
        (["0", "1", "2"], ",1", "1.0", [2]),
        (["Human", "car"], "", "human", [1]),
        (["1", "4", "0"], ",0,2", "1", [1]),
    ],
)
def test_the_user_tells_what_a_person_is(tmp_path, classes, columns, person_class, persons):
    path = write(tmp_path, classed(*classes, columns=columns))
    boxes = read_annotations(path, Reading(person_class=person_class))
    assert [box.person for box in boxes] == persons
    with pytest.raises(DataError, match="no box of a person"):
        read_annotations(path, Reading(person_class="9"))


def test_a_person_class_without_column_8_is_refused(tmp_path):
    with pytest.raises(DataError, match="column 8 says nothing"):
        read_annotations(write(tmp_path, "1,1,5,5,9,9,1\n"), Reading(person_class="1"))


def test_visibility_is_estimated_only_where_it_is_not_annotated(tmp_path):
    text = "1,1,1,1,10,20,1,1,0.9\n1,2,6,11,10,20,1,1,-1\n1,3,1,2,10,20,1,1,-1\n"
    boxes = read_annotations(write(tmp_path, text))
    assert [box.visibility for box in boxes] == [0.9, 1.0, pytest.approx(1 - 5 * 11 / 200)]


NUMBERS = st.sampled_from(
    ["1", "0", "-1", "2.0", "1.5", "nan", "inf", "1e400", "", "x", "person", "9" * 20, "-0"]
)
LINES = st.lists(NUMBERS, max_size=11).flatmap(
    lambda columns: st.sampled_from([",", ";", " ", "\t"]).map(lambda separator: separator.join(columns))
)


@given(st.one_of(st.lists(LINES, max_size=6).map("\n".join), st.text(max_size=60)))
def test_anything_is_boxes_or_one_error(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "gt.txt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        boxes = read_annotations(path)
    except DataError:
        return
    assert boxes
    assert len({(box.frame, box.person) for box in boxes}) == len(boxes)
    for box in boxes:
        assert box.width > 0
        assert box.height > 0
        assert box.frame >= 0
        assert box.person >= 0
        assert 0 <= box.visibility <= 1
