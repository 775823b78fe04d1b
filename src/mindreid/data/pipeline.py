"""Batches of images and labels, read ahead of the network by a pool of threads.

A :class:`mindspore.dataset.GeneratorDataset` hands over whole batches, which a source of our own
reads: MindSpore's own workers are several times slower on Python code, and its C++ decoders can
take the process down with a damaged file. Every random draw is seeded by the seed, the epoch and
the place in the global batch, so the stream depends neither on the number of threads nor on the
number of ranks, and can be entered at any batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Optional

import mindspore.dataset as ds
import numpy as np

from mindreid.data.formats.images import LoadSample, Transform, load_image
from mindreid.data.records import Record
from mindreid.data.samplers import BatchSampler
from mindreid.data.unreadable_files import StandIns
from mindreid.errors import DataError

Batch = dict[str, Any]
#: The place of a record in its split, what was made of it, and what else its row of a batch has.
Row = tuple[Any, ...]

_LABELS = ("pid", "camid", "clothes_id", "view")
_COLUMNS = ("images", *_LABELS, "index")
#: Where the pixels of a row come from, if training asks for it.
_ORIGIN = "origin"
_NO_LABEL = -1
_BATCHES_AHEAD = 2


def training_batches(
    records: Sequence[Record],
    sampler: BatchSampler,
    transform: Transform,
    epoch: int,
    *,
    seed: int,
    reader_threads: int,
    skip: int = 0,
    load: LoadSample = load_image,
    stand_ins: Optional[StandIns] = None,
    trace: Optional[Callable[[np.random.Generator], np.ndarray]] = None,
) -> Generator[Batch, None, None]:
    """Iterate over one epoch.

    Parameters
    ----------
    records : sequence of Record
        The training split.
    sampler : BatchSampler
        Made for the same records.
    transform : callable
        See :func:`mindreid.data.transforms.training_transform`.
    epoch : int
        From 0.
    seed : int
        Of the augmentation.
    reader_threads : int
        Threads that read and augment.
    skip : int
        Batches at the start of the epoch to leave out; the others stay what they are.
    load : callable
        Makes a row of "images" from a record.
    stand_ins : StandIns, optional
        Made for the same records: what replaces those that cannot be read. By default, nothing.
    trace : callable, optional
        See :func:`mindreid.data.transforms.origin_trace`; ``load`` must draw nothing before ``transform``.

    Yields
    ------
    dict
        "images" float32 ``[B, 3, H, W]``, or ``[B, …]`` of what ``load`` makes; int32 ``[B]``:
        "pid", "camid", "clothes_id", "view" (-1 where there is no label) and "index", the place in
        ``records``; with ``trace`` also "origin", int32 ``[B, h, w]``. The arrays belong to the receiver
        and may be wrapped by ``Tensor.from_numpy`` without a copy.

    Raises
    ------
    DataError
        When the batch's turn comes in which a file could not be read. Close the iterator to leave
        early; it also closes when it is dropped.
    """
    stand_ins = stand_ins or StandIns(records, share=0.0)

    def read(batch: int, row: int, index: int) -> Row:
        place = (epoch, skip + batch, sampler.first_row + row)
        made = stand_ins.read(index, lambda record: load(record, transform, _generator(seed, place)))
        # The same draws as the image's.
        return made if trace is None else (*made, trace(_generator(seed, place)))

    batches, extra = list(sampler.batches(epoch)[skip:]), () if trace is None else (_ORIGIN,)
    return _stream(_BatchSource(records, batches, read, reader_threads, extra))


def evaluation_batches(
    records: Sequence[Record],
    transform: Transform,
    *,
    batch_size: int,
    reader_threads: int,
    rank: int = 0,
    world_size: int = 1,
    load: LoadSample = load_image,
    stand_ins: Optional[StandIns] = None,
    places: Optional[np.ndarray] = None,
) -> Generator[Batch, None, None]:
    """Iterate once over this rank's share of ``records``: every ``world_size``-th, from ``rank``.

    A stand-in's row has the labels of the record that it stands in for. With ``places``, int ``[n]``, the
    share is these records, in this order.

    Yields
    ------
    dict
        As :func:`training_batches`, all batches with ``batch_size`` rows: the last one is filled
        up with its last record. "valid" (int) is the number of rows that count.

    Raises
    ------
    DataError
        If ``records`` is empty, or when the batch's turn comes in which a file could not be read.
    """
    if not records:
        raise DataError("there are no images to evaluate on", fix="see `mindreid data check`")
    share = np.arange(rank, len(records), world_size) if places is None else places
    # A rank without a share still gets a batch of padding, which tells it the embedding's shape.
    begins = range(0, max(len(share), 1), batch_size)
    batches = [share[begin : begin + batch_size] for begin in begins]
    last = share[-1] if len(share) else 0
    full = [np.append(batch, np.full(batch_size - len(batch), last)) for batch in batches]

    stand_ins = stand_ins or StandIns(records, share=0.0)

    def read(_batch: int, _row: int, index: int) -> Row:
        return index, stand_ins.read(index, lambda record: load(record, transform, _generator(0, (index,))))[
            1
        ]

    stream = _stream(_BatchSource(records, full, read, reader_threads))
    return _with_valid(stream, [len(rows) for rows in batches])


def _with_valid(stream: Generator[Batch, None, None], counts: Sequence[int]) -> Generator[Batch, None, None]:
    with closing(stream):
        for batch, valid in zip(stream, counts):
            yield {**batch, "valid": valid}


def multi_row_batches(
    records: Sequence[Record],
    transform: Transform,
    *,
    batch_size: int,
    reader_threads: int,
    load: LoadSample,
    frame_size: int,
    rank: int = 0,
    world_size: int = 1,
    stand_ins: Optional[StandIns] = None,
) -> Generator[Batch, None, None]:
    """Iterate once over this rank's share of records that make several rows, of several lengths.

    Parameters
    ----------
    records, transform, reader_threads, rank, world_size, stand_ins
        As in :func:`evaluation_batches`.
    batch_size : int
        Most frames of a batch, which has one row at least: all batches of rows of one shape have
        the same number of rows.
    load : callable
        Makes the rows of a record, float32 ``[rows, …]``.
    frame_size : int
        Numbers that make a frame, by which the frames of a row are counted.

    Yields
    ------
    dict
        "images" ``[B, …]``, rows of one shape; "index" int32 ``[B]``, the places of their
        records; "valid", the number of rows that count: what is left over at the end is filled up
        with its last row.

    Raises
    ------
    DataError
        As :func:`evaluation_batches`.
    """
    single = evaluation_batches(
        records,
        transform,
        batch_size=1,
        reader_threads=reader_threads,
        rank=rank,
        world_size=world_size,
        load=load,
        stand_ins=stand_ins,
    )
    return _gathered_by_shape(single, batch_size * frame_size)


def _gathered_by_shape(
    single: Generator[Batch, None, None], most_numbers: int
) -> Generator[Batch, None, None]:
    """Gather the rows of records that come one by one in batches of up to ``most_numbers`` numbers."""
    waiting: dict[tuple[int, ...], list[tuple[np.ndarray, int]]] = {}
    with closing(single):
        for batch in single:
            for row in batch["images"][0]:
                size = max(most_numbers // row.size, 1)
                rows = waiting.setdefault(row.shape, [])
                rows.append((row, int(batch["index"][0])))
                if len(rows) == size or not batch["valid"]:
                    yield _joined(waiting.pop(row.shape), size, batch["valid"] * len(rows))
    for shape, rows in waiting.items():
        yield _joined(rows, max(most_numbers // int(np.prod(shape)), 1), len(rows))


def _joined(rows: Sequence[tuple[np.ndarray, int]], size: int, valid: int) -> Batch:
    images, indices = zip(*[*rows, *[rows[-1]] * (size - len(rows))])
    return {"images": np.stack(images), "index": np.array(indices, np.int32), "valid": valid}


def _generator(seed: int, place: tuple[int, ...]) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


class _BatchSource:
    """Iterable over batches that a pool of threads reads ahead; ``extra`` names what rows have besides.

    An exception ends the iteration with one batch whose "index" is -1, and is kept in ``error``:
    MindSpore would wrap it in a page of its own text, and warns of an iteration without any row.
    """

    def __init__(
        self,
        records: Sequence[Record],
        batches: Sequence[np.ndarray],
        read: Callable[[int, int, int], Row],
        reader_threads: int,
        extra: tuple[str, ...] = (),
    ) -> None:
        self.batches, self.columns = batches, (*_COLUMNS, *extra)
        self.error: Optional[Exception] = None
        # Batches of a single row must not leave threads without work.
        self._ahead = max(_BATCHES_AHEAD, reader_threads // max(len(batches[0]), 1)) if len(batches) else 0
        self._records, self._read = records, read
        self._pool = ThreadPoolExecutor(reader_threads, thread_name_prefix="mindreid-read")

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        try:
            yield from self._read_ahead()
        except CancelledError:
            return
        except Exception as error:
            self.error = error
            yield (np.full(1, _NO_LABEL, np.int32),) * len(self.columns)

    def close(self) -> None:
        """Drop what is not yet begun and wait for the threads to end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read_ahead(self) -> Iterator[tuple[np.ndarray, ...]]:
        begun: deque[list[Future[Row]]] = deque()
        for number in range(len(self.batches) + self._ahead):
            if number < len(self.batches):
                begun.append(self._begin(number))
            if number >= self._ahead:
                indices, images, *extra = zip(*[future.result() for future in begun.popleft()])
                labels = self._labels(np.array(indices))
                yield (np.stack(images), *labels, *(np.stack(column) for column in extra))

    def _begin(self, number: int) -> list[Future[Row]]:
        rows = enumerate(self.batches[number].tolist())
        return [self._pool.submit(self._read, number, row, index) for row, index in rows]

    def _labels(self, indices: np.ndarray) -> Iterator[np.ndarray]:
        records = [self._records[index] for index in indices]
        for label in _LABELS:
            values = (getattr(record, label) for record in records)
            yield np.array([_NO_LABEL if value is None else value for value in values], np.int32)
        yield indices.astype(np.int32)


def _stream(source: _BatchSource) -> Generator[Batch, None, None]:
    if not len(source.batches):
        return
    dataset = ds.GeneratorDataset(
        source, list(source.columns), shuffle=False, num_parallel_workers=1, python_multiprocessing=False
    )
    with _short_queue():
        iterator = dataset.create_dict_iterator(num_epochs=1, output_numpy=True)
    try:
        for batch in iterator:
            if source.error is not None and batch["index"][0] == _NO_LABEL:
                raise source.error
            yield batch
    finally:
        # The source first: MindSpore's thread may be waiting for it.
        source.close()
        iterator.stop()


@contextmanager
def _short_queue() -> Iterator[None]:
    """Keep MindSpore from holding 16 batches: the source itself reads ahead."""
    usual = ds.config.get_prefetch_size()
    ds.config.set_prefetch_size(1)
    try:
        yield
    finally:
        ds.config.set_prefetch_size(usual)
