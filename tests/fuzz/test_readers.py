"""Readers of strangers' files answer whatever stands in them with their content or one clear error.

A short look by default; ``MINDREID_FUZZ_SECONDS=600`` looks longer. What was found once stays in ``seeds``.
"""

import hashlib
import os
import resource
import time
from pathlib import Path

import pytest

from mindreid.errors import MindReidError
from tests.fuzz.mutation import Mutator
from tests.fuzz.readers import TARGETS

SEEDS = Path(__file__).with_name("seeds")
SECONDS = float(os.environ.get("MINDREID_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("MINDREID_FUZZ_SEED", "1"))
SLOWEST_SECONDS = 10.0
MOST_KIBIBYTES = 2**20


@pytest.fixture(scope="module", params=sorted(TARGETS))
def target(request, tmp_path_factory):
    if request.param == "torch_checkpoints":
        pytest.importorskip("torch", reason="the extra 'convert' is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("valid"))
        made = TARGETS[request.param]()
    return request.param, made


def read(target, content, folder):
    """Read a content, say whether it was taken; fail if it took too long or raised anything unforeseen."""
    path = folder / target.name
    path.write_bytes(content)
    begin = time.process_time()  # the machine may have other work
    try:
        target.read(path)
        return True
    except MindReidError:
        return False
    finally:
        assert time.process_time() - begin < SLOWEST_SECONDS


def keep(name, content):
    """Keep a content that broke a reader, to be tried ever after."""
    folder = SEEDS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)


def test_valid_files_are_read(target, tmp_path):
    _, made = target
    taken = [read(made, content, tmp_path) for content in made.contents]
    assert any(taken)


def test_what_broke_a_reader_once_does_not_any_more(target, tmp_path):
    name, made = target
    for path in sorted((SEEDS / name).glob("*")):
        read(made, path.read_bytes(), tmp_path)


def test_changed_files_are_read_or_refused(target, tmp_path):
    name, made = target
    mutator, before = Mutator(made.contents, SEED), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = refused = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        content = mutator.draw()
        try:
            if read(made, content, tmp_path):
                taken += 1
            else:
                refused += 1
        except BaseException:
            keep(name, content)
            raise
    print(f"{name}: {taken} read, {refused} refused")  # noqa: T201
    assert refused
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIBIBYTES
