"""Registries: what can be named in a recipe, and where it is found."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar

from mindreid.errors import InvalidArgumentError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries by name, filled when the module that provides them is first needed.

    Parameters
    ----------
    kind : str
        What the entries are, for messages: "model", "dataset".
    provider : str
        Module whose import registers every entry.

    Examples
    --------
    >>> shapes = Registry("shape", provider="math")
    >>> shapes.register("square", 4)
    >>> shapes["square"], shapes.names()
    (4, ['square'])
    """

    def __init__(self, kind: str, provider: str) -> None:
        self.kind, self._provider = kind, provider
        self._entries: dict[str, Entry] = {}

    def register(self, name: str, entry: Entry) -> None:
        """Add ``entry`` under ``name``; a name is taken once."""
        if name in self._entries:
            raise InvalidArgumentError(f"the {self.kind} {name!r} is registered twice")
        self._entries[name] = entry

    @contextmanager
    def temporary(self) -> Iterator[Registry[Entry]]:
        """Forget at the end of a block what is registered within it.

        Examples
        --------
        >>> shapes = Registry("shape", provider="math")
        >>> with shapes.temporary():
        ...     shapes.register("circle", 0)
        ...     "circle" in shapes
        True
        >>> "circle" in shapes
        False
        """
        # A module registers its entries once only, so they must be there before.
        before = {name: self[name] for name in self.names()}
        try:
            yield self
        finally:
            self._entries = before

    def names(self) -> list[str]:
        """All names, sorted."""
        importlib.import_module(self._provider)
        return sorted(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __getitem__(self, name: str) -> Entry:
        known = self.names()
        if name not in self._entries:
            raise InvalidArgumentError(
                f"there is no {self.kind} {name!r}{nearest(name, known)}",
                fix=f"choose one of {', '.join(known)}",
            )
        return self._entries[name]


def nearest(name: str, known: list[str]) -> str:
    """Return a hint ``" (did you mean 'x'?)"`` if ``name`` is close to a known one, else ``""``."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


@dataclass(frozen=True)
class ModelEntry:
    """A method: its inference network and what trains it.

    Attributes
    ----------
    network : callable
        ``network(**options) -> nn.Cell`` with ``construct(images) -> embedding``; its keyword-only arguments
        are its options. One that carries classifiers for training takes ``num_classes`` as well.
    objective : type
        The :class:`mindreid.objective.Objective`; its keyword-only arguments are its options.
    sources : mapping of str to tuple
        Whose PyTorch checkpoints fit (see :data:`mindreid.convert.SOURCES`), and under which
        recipe: its name, then overrides of it as pairs, ``("model.network.pool", "avg")``.
    """

    network: Callable[..., Any]
    objective: Any
    sources: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetEntry:
    """A dataset: how to load it, the tree it expects, and how to write one like it.

    Attributes
    ----------
    load : callable
        ``load(root, **options) -> Dataset``.
    tree : str
        The expected folder tree, as shown to users.
    layout : object, optional
        A :class:`mindreid.data.layouts.Layout` that places generated images in the same tree.
    sequence_layout : object, optional
        The same for generated walks: a :class:`mindreid.data.layouts.SequenceLayout`.
    rendered : bool
        Whether its images are in no files, but rendered as they are read.
    """

    load: Callable[..., Any]
    tree: str
    layout: Optional[Any] = None
    sequence_layout: Optional[Any] = None
    notes: tuple[str, ...] = field(default=())
    rendered: bool = False

    @property
    def can_be_generated(self) -> bool:
        """Whether ``mindreid data synthesize`` writes walkers in this dataset's tree."""
        return self.rendered or self.layout is not None or self.sequence_layout is not None


#: Keyword-only parameters that the caller supplies, so that a recipe cannot set them.
SUPPLIED_OPTIONS = ("num_classes", "seed", "rank", "world_size")

MODELS: Registry[ModelEntry] = Registry("model", "mindreid.models")
DATASETS: Registry[DatasetEntry] = Registry("dataset", "mindreid.data.datasets")
TRANSFORMS: Registry[Callable[..., Any]] = Registry("transform", "mindreid.data.transforms")
#: By the ending of their names: what makes the pixels, uint8 ``[H, W, 3]``, of images that are in no file.
RENDERERS: Registry[Callable[[str], Any]] = Registry("renderer", "mindreid.walkers.rendered_images")
FRAMES: Registry[Callable[..., Any]] = Registry("frame selection", "mindreid.data.frame_selection")
SAMPLERS: Registry[Callable[..., Any]] = Registry("sampler", "mindreid.data.samplers")
OPTIMIZERS: Registry[Callable[..., Any]] = Registry("optimizer", "mindreid.engine.training.optimizers")
SCHEDULES: Registry[Callable[..., Any]] = Registry("schedule", "mindreid.engine.training.schedules")


def list_models() -> list[str]:
    """Names of all models that :func:`create_model` takes."""
    return MODELS.names()


def create_model(name: str, num_classes: int = 0, **options: Any) -> Any:
    """Build a model's inference network.

    Parameters
    ----------
    name : str
        One of :func:`list_models`.
    num_classes : int
        Number of training persons. 0 leaves out the classifiers that some networks carry for
        training; the embedding does not depend on it.
    **options
        The network's own options; see its model card.

    Returns
    -------
    mindspore.nn.Cell
        ``construct(x)`` maps float32 normalised NCHW images ``[B, 3, H, W]`` to float32
        embeddings ``[B, D]`` (gait: silhouettes ``[B, frames, 64, 44]`` to ``[B, D, parts]``),
        not L2-normalised.

    Raises
    ------
    InvalidArgumentError
        If there is no such model, or it has no such option.
    """
    network = MODELS[name].network
    check_options(f"the model {name!r}", network, options)
    classes = {"num_classes": num_classes} if "num_classes" in _parameters(network) else {}
    return network(**classes, **options)


def check_options(what: str, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Raise InvalidArgumentError, naming the nearest, for an option that ``function`` does not have."""
    known = list(option_names(function))
    for option in options:
        if option not in known:
            raise InvalidArgumentError(
                f"{what} has no option {option!r}{nearest(option, known)}",
                fix=f"its options are {', '.join(known)}" if known else "leave it out, there are none",
            )


def option_names(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Keyword-only parameters of ``function``: the options that a recipe may set."""
    parameters = _parameters(function)
    options = {name: p for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    return {name: option for name, option in options.items() if name not in SUPPLIED_OPTIONS}


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    # Of a class that inherits its __init__, some Pythons (3.10, 3.11.2) show Cell's __new__.
    target = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
    return inspect.signature(target).parameters
