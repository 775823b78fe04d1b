"""Readers of strangers' files answer whatever stands in them with their content or one clear error.

A short look by default; ``MINDREID_FUZZ_SECONDS=600`` looks longer. What was found once stays in ``seeds``.
"""

import contextlib
import hashlib
import os
import time
from pathlib import Path

import pytest

from mindreid.errors import MindReidError
from tests.fuzz.mutation import Mutator
from tests.fuzz.readers import TARGETS

SEEDS = Path(__file__).with_name("seeds")
SECONDS = float(os.environ.get("MINDREID_FUZZ_SECONDS", "1"))
LEAST_DRAWS = 30
SEED = int(os.environ.get("MINDREID_FUZZ_SEED", "1"))
SLOWEST_SECONDS = 10.0
MOST_KIBIBYTES = 2**20
#: Where a process has Linux forget the peak of its memory.
NEW_PEAK = Path("/proc/self/clear_refs")


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


def peak():
    """The most memory that the process had in use at a time, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def begin_new_peak():
    """Forget an earlier peak, under which a later one would hide, as far as allowed; return the new one."""
    with contextlib.suppress(OSError):
        NEW_PEAK.write_text("5", encoding="ascii")
    return peak()


def keep(name, content):
    """Keep a content that broke a reader, to be tried ever after."""
    folder = SEEDS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)


def test_valid_files_are_read(target, tmp_path):
    _, made = target
    for number, content in enumerate(made.contents):
        if number not in made.refused:
            assert read(made, content, tmp_path), number
            continue
        (tmp_path / made.name).write_bytes(content)
        with pytest.raises(MindReidError, match=made.refused[number]):
            made.read(tmp_path / made.name)


def test_what_broke_a_reader_once_does_not_any_more(target, tmp_path):
    name, made = target
    for path in sorted((SEEDS / name).glob("*")):
        read(made, path.read_bytes(), tmp_path)


def test_changed_files_are_read_or_refused(target, tmp_path):
    name, made = target
    mutator, before = Mutator(made.contents, SEED), begin_new_peak()
    taken = refused = 0
    end = time.monotonic() + SECONDS
    while taken + refused < LEAST_DRAWS or time.monotonic() < end:
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
    assert peak() - before < MOST_KIBIBYTES
