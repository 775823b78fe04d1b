"""What a method is to the trainer: named loss terms, phases of optimisation, epoch hooks.

A training step runs the trunk forward once. Its outputs go through the objective's phases in
order; each phase sums its weighted loss terms and updates its own parameters with its own
optimiser. All phases but the last see the outputs detached, so that an adversarial method can
train its classifier first and then, with the updated classifier, the network (CAL, CVPR 2022,
section 3.3). What changes from epoch to epoch reaches the compiled step as a vector of term
weights, never as a new graph.
"""

from __future__ import annotations

import typing
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from mindspore import Parameter, Tensor, nn


class TrainingClasses(typing.Protocol):
    """What an objective may ask of a dataset; :class:`mindreid.data.records.Dataset` offers it."""

    #: Records of the training split, with relabelled pids and clothes ids.
    train: Sequence[Any]

    @property
    def num_train_pids(self) -> int:
        """Number of persons in the training split."""

    @property
    def num_train_clothes(self) -> int:
        """Number of labelled outfits in the training split."""


@dataclass(frozen=True)
class Phase:
    """One optimisation within a training step.

    Attributes
    ----------
    name : str
        Key of the phase's optimiser under ``optimizers:`` in the recipe.
    terms : tuple of str
        Names of the loss terms, in the order that ``losses`` returns them.
    parameters : tuple of Parameter
        What the phase updates.
    groups : mapping of str to tuple of Parameter
        Further parameters that the gradients of the same losses update, each group with an optimiser
        of its own, by its key under ``optimizers:``. Only the last phase has groups.
    losses : callable
        ``losses(outputs, labels) -> tuple of scalar tensors``, unweighted, one per term.
        ``outputs`` is what :meth:`Objective.forward` returned (detached, unless the phase is
        the last one), ``labels`` is a tuple of int32 tensors ``[B]`` in the order of
        :attr:`Objective.labels`, followed by :meth:`Objective.draw`'s tensors. Earlier phases'
        updates come before ``outputs``: what is computed from such a parameter alone must wait
        for them, ``ops.depend(parameter, outputs[0])``, or it sees the old values. With several
        workers, ``B`` and the rows are those of all of them, save for
        :attr:`Objective.local_outputs`.
    """

    name: str
    terms: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    losses: Callable[..., Any]
    groups: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)

    @property
    def updated(self) -> dict[str, tuple[Parameter, ...]]:
        """What the phase updates, by the name of the optimiser."""
        return {self.name: self.parameters, **self.groups}


class Objective(nn.Cell):
    """Base class of what trains a network; the one class that a model must implement.

    Subclasses hold the network as ``self.network`` and everything that only training needs
    (classifiers, losses) as further cells.

    Attributes
    ----------
    labels : tuple of str
        What the losses read of each image: any of its record's "pid", "camid", "clothes_id", "view" and
        "index" (the record's number in the training split), and "origin", int32 ``[B, h, w]``: where the
        pixels of a map come from, for labels of pixels that must move as the image was moved. That is the
        number of a pixel of the map before augmentation, row by row, or -1 for what was erased, or comes
        from outside the image.
    noise : tuple of str
        Names of what :meth:`draw_noise` draws for :meth:`forward`, in its order.
    origin_stride : int
        Pixels of the image that make a pixel of that map, in both directions.
    mined_from : {"embeddings", "maps"}
        What :meth:`mine_labels` finds labels in.
    restarts_after_mining : bool
        Whether all optimisers begin anew after :meth:`mine_labels`.
    batch_groups : int
        Groups of consecutive rows of a batch that don't know of each other, as replicas of the
        authors' code; the engine sets it. What an objective draws within a batch stays in a group.
    local_outputs : int
        How many of :meth:`forward`'s outputs, the last ones, stay with the worker that made them,
        because they are too large to be sent to all. The losses compute of these rows what is small,
        and :attr:`gather` it.
    gather : nn.Cell
        Makes the whole batch's rows, float32 ``[B, ...]``, of every worker's; the engine sets it.
    rank : int
        Which share of the batch's rows this worker has; the engine sets it.
    started_by : str
        A model whose network consists of cells like :meth:`networks_beside`, of the same names: its
        checkpoints can start them (``train.init_beside``). Empty: there is none.
    start_options : mapping of str to str
        Of that model's network the options that decide its parameters, and which keys of this model's
        recipe must be equal to them.
    """

    labels: tuple[str, ...] = ("pid",)
    noise: tuple[str, ...] = ()
    origin_stride: int = 1
    mined_from: str = "embeddings"
    restarts_after_mining: bool = True
    batch_groups: int = 1
    local_outputs: int = 0
    rank: int = 0
    started_by: str = ""
    start_options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, network: nn.Cell) -> None:
        super().__init__()
        self.network = network
        self.gather: nn.Cell = nn.Identity()

    @abstractmethod
    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Run the trunk once on ``images`` and return everything that the phases need.

        ``noise`` is what :meth:`draw_noise` drew for these images.
        """

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """Return the phases of one step, in order; the last one updates the network."""

    @abstractmethod
    def term_weights(self, epoch: int) -> dict[str, float]:
        """Weight of every term in ``epoch`` (from 0); 0 switches a term off, not out of the log."""

    def frozen(self, epoch: int) -> Collection[Parameter]:
        """Return what no step of ``epoch`` (from 0) may change: weights, running statistics of norms.

        An optimiser all of whose parameters are frozen rests: nothing decays, no moment moves, and when
        it wakes it begins anew. One of which a part is frozen is an error.
        """
        return ()

    def on_epoch_begin(self, epoch: int) -> None:
        """Prepare ``epoch`` on the host, e.g. choose classes; must not change any shape.

        What is prepared must be kept in parameters (``requires_grad=False``): a run that goes on
        in the middle of the epoch restores them and does not prepare it again.
        """

    def mines_labels(self, epoch: int) -> bool:
        """Whether ``epoch`` (from 0) begins with :meth:`mine_labels`."""
        return False

    def maps(self, images: Tensor) -> Tensor:
        """Return maps ``[B, C, h, w]`` of images, by the network in evaluation mode, to find labels in."""
        raise NotImplementedError

    def label_maps(self, maps: np.ndarray) -> np.ndarray:
        """Find labels of the pixels of one person's training images.

        Parameters
        ----------
        maps : np.ndarray
            float32 ``[n, C, h, w]``, what :meth:`maps` returned for the person's ``n`` records, in their
            order. Maps of all persons at once would not fit into memory.

        Returns
        -------
        np.ndarray
            Integers ``[n, h, w]`` from 0 to 255.
        """
        raise NotImplementedError

    def mine_labels(self, epoch: int, found: np.ndarray) -> Mapping[str, float]:
        """Find labels of the training images before ``epoch``, or take them over.

        Parameters
        ----------
        epoch : int
            From 0.
        found : np.ndarray
            Of all training records, in their order. If :attr:`mined_from` is "embeddings": float32
            ``[N, D]``, by the network in evaluation mode, without mirrored images. If it is "maps": uint8
            ``[N, h, w]``, what :meth:`label_maps` returned.

        Returns
        -------
        mapping of str to float
            What the log shall say of it.
        """
        raise NotImplementedError

    def sizes(self) -> dict[str, int]:
        """Sizes that :meth:`mine_labels` may enlarge; whenever they change, the step is compiled anew."""
        return {}

    def resize(self, sizes: Mapping[str, int]) -> None:
        """Take on the sizes of a saved run, before its parameters are restored."""

    def draw(self, generator: np.random.Generator, batch_size: int) -> tuple[np.ndarray, ...]:
        """Draw random numbers for this step's whole batch; a graph cannot restore its own."""
        return ()

    def draw_noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        """Draw what :meth:`forward` needs, a row for each image, as the masks of a dropout.

        Parameters
        ----------
        generator : numpy.random.Generator
            Seeded for this step.
        shape : tuple of int
            Of the whole batch of images, ``[B, 3, H, W]``.

        Returns
        -------
        tuple of np.ndarray
            ``[B, …]`` each; every worker's forward gets the rows of its own images.
        """
        return ()

    def networks_beside(self) -> Mapping[str, nn.Cell]:
        """Return by name the networks that only training uses, which have the recipe's level of precision."""
        return {}

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> Objective:
        """Build the objective for a dataset's classes."""
        return cls(network, num_classes=dataset.num_train_pids, **options)  # type: ignore[call-arg]
