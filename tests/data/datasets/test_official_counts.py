"""The counts that `mindreid data check` compares a copy with, against one table of what the sources say."""

import numpy as np
import pytest

from mindreid import load_dataset
from mindreid.data.formats.pickles import write_array
from mindreid.data.layouts import Shot
from mindreid.data.records import SplitStatistics
from mindreid.zoo import DATASETS

#: Dataset and option, split, persons, records, cameras, outfits. A dash is what no source tells, a tilde
#: before a number says that it is quoted from memory or that of a complete set. The sources stand above.
OFFICIAL = """
# the archive of the authors, counted; torchreid/data/datasets/image/market1501.py (15,913 without the junk);
# the gallery's persons are the queries' and 0, the distractors
market1501                  train        751   12936   6   -
market1501                  query        750    3368   6   -
market1501                  gallery      751   15913   6   -
# torchreid's dukemtmcreid.py; sxzrt/DukeMTMC-reID_evaluation (gallery: 702 persons and 408 distractors)
dukemtmc                    train        702   16522   8   -
dukemtmc                    query        702    2228   8   -
dukemtmc                    gallery     1110   17661   8   -
# zhunzhong07/person-re-ranking, cuhk03_new_protocol_config_{detected,labeled}.mat, counted
cuhk03:variant=detected     train        767    7365   2   -
cuhk03:variant=detected     query        700    1400   2   -
cuhk03:variant=detected     gallery      700    5332   2   -
cuhk03:variant=labeled      train        767    7368   2   -
cuhk03:variant=labeled      query        700    1400   2   -
cuhk03:variant=labeled      gallery      700    5328   2   -
# mindspore-ai/models research/cv/osnet (30,248); torchreid's msmt17.py (32,621, 15 cameras, 4,101 persons in
# all)
msmt17:train=train          train      ~1041   30248  15   -
msmt17:train=train          query      ~3060   11659  15   -
msmt17:train=train          gallery    ~3060   82161  15   -
msmt17:train=train+val      train      ~1041   32621  15   -
msmt17:train=train+val      query      ~3060   11659  15   -
msmt17:train=train+val      gallery    ~3060   82161  15   -
# naiq.github.io, page of LTCC (17,119 images, 152 persons); a public script that asserts 493, 7,050 and
# cameras 0 to 11
ltcc                        train        ~77    9576  12   -
ltcc                        query        ~75     493  12   -
ltcc                        gallery      ~75    7050  12   -
# the same script, and the abstract of arXiv 2002.02295 (221 persons, 33,698 images, 5,002 of them in val);
# queries are B's 3,873 and C's 3,543; everybody has an outfit before A and B, and another before C
prcc                        train        150   17896   3 300
prcc                        query         71    7416   2 142
prcc                        gallery       71    3384   1  71
# guxinqian/Simple-CCReID, data/datasets/vcclothes.py; 19,060 images of 512 persons in all
vc_clothes                  train        256   ~9449   4   -
vc_clothes                  query        256   ~1020   4   -
vc_clothes                  gallery      256   ~8591   4   -
# Huang-3/Celeb-reID, README.md; without cameras
celeb_reid                  train        632   20208   -   -
celeb_reid                  query        420    2972   -   -
celeb_reid                  gallery      420   11006   -   -
celeb_reid_light            train        490    9021   -   -
celeb_reid_light            query        100     887   -   -
celeb_reid_light            gallery      100     934   -   -
# PengBoXiangShang/deepchange, README.md (178,407 images, 1,121 persons in all)
deepchange                  train       ~450  ~75083   -   -
deepchange                  query       ~521  ~17527   -   -
deepchange                  gallery     ~521  ~62956   -   -
# shuxjweb/last, data/datasets/last.py; without cameras; its 5,806 persons of the gallery make the 10,862 of
# arXiv 2105.15076 with those of train and val, and 000000 stands for everybody else
last                        train       5000   71248   -   -
last                        query       5805   10176   -   -
last                        gallery    ~5807  125353   -   -
# the release, counted: 2,856 tracklets of 226 persons
ccvid                       train         75     948   - 159
ccvid                       query        151     834   -   -
ccvid                       gallery      151    1074   -   -
# feifeiobama/Awesome-Person-ReID, re-id/README.md: 971 persons and 3,884 images, which are two before each
# of two cameras; half of the persons, rounded down, or all but 100
cuhk01                      train        485    1940   2   -
cuhk01                      query        486     972   1   -
cuhk01                      gallery      486     972   1   -
cuhk01:train_persons=871    train        871    3484   2   -
cuhk01:train_persons=871    query        100     200   1   -
cuhk01:train_persons=871    gallery      100     200   1   -
# the same list: 114 persons and 1,824 images, from eight sides before each of two cameras; half of them
pku_reid                    train         57     912   2   -
pku_reid                    query         57     456   1   -
pku_reid                    gallery       57     456   1   -
# ShiqiYu/OpenGait, datasets/CCPG/CCPG.json: 000 to 099 and 100 to 199; evaluator.py: cameras 01 to 10
ccpg                        train        100       -  10   -
ccpg                        query        100       -  10   -
ccpg                        gallery      100       -  10   -
# ShiqiYu/OpenGait, datasets/CASIA-B/CASIA-B.json: 001 to 074 and 075 to 124; ten walks from eleven sides
casia_b                     train         74   ~8140  11   -
casia_b                     query         50   ~5500  11   -
casia_b                     gallery       50   ~5500  11   -
"""
#: Data of a user's own, of which nobody can know how much there is.
OWN = {"csv_list", "gait_pickles", "outfit_walkers"}
COUNTED = ("persons", "records", "cameras", "clothes")


def read_table():
    table = {}
    for line in OFFICIAL.strip().splitlines():
        if not line.startswith("#"):
            name, split, *numbers = line.split()
            counts = {
                what: int(number.lstrip("~")) for what, number in zip(COUNTED, numbers) if number != "-"
            }
            unsure = tuple(what for what, number in zip(COUNTED, numbers) if number.startswith("~"))
            table.setdefault(name, {})[split] = SplitStatistics(**counts, approximate=unsure)
    return table


TABLE = read_table()


def test_every_dataset_is_in_the_table_or_is_the_users_own():
    named = {name.partition(":")[0] for name in TABLE}
    assert named | OWN == set(DATASETS.names())
    assert not named & OWN


def shots_of(layout, persons):
    """Two persons to train on, the others to test."""
    for pid in range(1, persons + 1):
        for camera in range(max(layout.min_cameras, 2)):
            for outfit in (one for one in range(layout.min_outfits) if layout.is_worn(one, camera)):
                for frame in range(2 if persons < 10 else 1):
                    split = "train" if pid <= 2 else layout.test_split(camera, frame == 0)
                    yield Shot(split, pid, camera, outfit, 0, frame)


@pytest.fixture
def root_of(tmp_path, write_shots):
    """Write a small copy of a dataset, of which nothing says that it was generated."""

    def write(name, persons=4):
        layout = DATASETS[name].sequence_layout
        if layout is None:
            return write_shots(name, tmp_path / name, list(shots_of(DATASETS[name].layout, persons)))
        view, modality = layout.views[0], layout.modalities[0]
        file = f"{view}-{modality}.pkl" if modality else f"{view}.pkl"
        for subject in {"ccpg": ("000", "100"), "casia_b": ("001", "075")}[name]:
            for condition in layout.conditions:
                folder = tmp_path / name / subject / condition / view
                write_array(folder / file, np.full((1, 64, 64), 255, np.uint8))
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", TABLE)
def test_what_a_loader_calls_official_is_what_the_sources_say(root_of, name):
    dataset, _, option = name.partition(":")
    options = dict([option.split("=")]) if option else {}
    options = {key: int(value) if value.isdecimal() else value for key, value in options.items()}
    # So many to train on, and somebody to test.
    root = root_of(dataset, options.get("train_persons", 3) + 1)
    assert load_dataset(dataset, root, **options).statistics == TABLE[name]
