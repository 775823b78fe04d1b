"""What has found a recording's persons is kept with it; indexes of earlier versions don't say it."""

import json
from dataclasses import replace

from mindreid.search.index.milvus_rows import source_as_bytes, source_of
from tests.search.made_up_sources import made_up_source, put_source


def test_a_folder_keeps_it_and_forgets_it_with_the_recording(index):
    source, content = made_up_source(1)
    noted = replace(source, found_by="a detector", persons=3)
    put_source(index, noted, content)
    old, others = made_up_source(2)
    put_source(index, old, others)
    assert index.source(noted.id) == noted
    assert index.sources() == [noted, old]
    assert (index.source(old.id).found_by, index.source(old.id).persons) == (None, None)
    index.delete([tracklet.id for tracklet, _ in content])
    assert index.source(noted.id).persons == 3
    index.delete_source(noted.id)
    assert index.rows.run("SELECT key FROM facts WHERE key LIKE ?", (f"%{noted.id}%",)) == []


def test_a_row_of_milvus_keeps_it_and_may_lack_it():
    source, _ = made_up_source(1)
    noted = replace(source, found_by="a detector", persons=3)
    assert source_of(source_as_bytes(noted)) == noted
    values = json.loads(source_as_bytes(source))
    del values["found_by"], values["persons"]
    assert source_of(json.dumps(values).encode()) == source
