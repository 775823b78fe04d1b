"""What a run sets out to do: how long, how fast, with which draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from mindreid.engine.training.progress import Progress
from mindreid.engine.training.schedules import Schedule


@dataclass(frozen=True)
class Plan:
    """How long a run goes on, how its learning rates change, and when it is saved within epochs.

    Attributes
    ----------
    lengths : sequence of int
        Batches of each epoch, up to the last one.
    seed : int
        Of the draws that objectives ask for.
    schedules : mapping of str to callable
        Factor of each phase's base rate by epoch, or by step if ``steps`` is given.
    steps : int, optional
        Where to stop within the last epoch, for runs that count steps.
    checkpoint_steps : int
        Steps between two saves within an epoch; 0: only when asked to stop.
    """

    lengths: Sequence[int]
    seed: int
    schedules: Mapping[str, Schedule]
    steps: Optional[int] = None
    checkpoint_steps: int = 0

    @property
    def epochs(self) -> int:
        """Epochs of the whole run."""
        return len(self.lengths)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.steps or sum(self.lengths)

    def is_done(self, progress: Progress) -> bool:
        """Whether all steps are taken, and no evaluation behind the last one is left."""
        if self.steps is None:
            return progress.epoch >= self.epochs
        return progress.step > self.steps or (progress.step == self.steps and progress.batch == 0)

    def place(self, progress: Progress) -> tuple[int, int]:
        """Return the epoch in which a run that isn't done goes on, and how many of its steps are taken."""
        if self.steps is None or progress.batch:
            return progress.epoch, progress.batch
        # It may have ended within an epoch, and been given more steps since.
        epoch, batch = 0, progress.step
        while batch >= self.lengths[epoch]:
            batch -= self.lengths[epoch]
            epoch += 1
        return epoch, batch

    def steps_left(self, step: int) -> Optional[int]:
        """Return how many may follow the first ``step`` steps; ``None``: as many as the epochs have."""
        return None if self.steps is None else self.steps - step

    def factors(self, epoch: int, step: int) -> dict[str, float]:
        """Return each phase's factor of its base rate in ``epoch`` after ``step`` steps, both from 0."""
        position = epoch if self.steps is None else step
        return {name: schedule(position) for name, schedule in self.schedules.items()}

    def saves_after(self, step: int) -> bool:
        """Whether the run is saved after its first ``step`` steps, wherever the epoch stands."""
        return self.checkpoint_steps > 0 and step % self.checkpoint_steps == 0
