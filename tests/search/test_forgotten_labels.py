"""Labels of tracklets that were forgotten since don't count, which is told."""

from mindreid.search.labels import labelled_vectors
from tests.search.made_up_sources import made_up_source, put_source


def test_forgotten_ones_are_told_and_do_not_count(index, tmp_path, caplog):
    source, content = made_up_source(1)
    put_source(index, source, content)
    names = [tracklet.id for tracklet, _ in content]
    labels = dict(zip(names, ("anna", "bert", "cleo")))
    table = tmp_path / "labels.csv"
    table.write_text("tracklet,person\n" + "".join(f"{name},{who}\n" for name, who in labels.items()))
    index.delete([names[1]])
    assert labelled_vectors(index, labels, str(table)).persons.tolist() == ["anna", "cleo"]
    assert f"1 labelled tracklets were forgotten since, and don't count: {names[1]} (line 3)" in caplog.text
