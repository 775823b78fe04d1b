"""What a run sets out to do: how long, how fast, with which draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from mindreid.engine.training.schedules import Schedule


@dataclass(frozen=True)
class Plan:
    """How long a run goes on, how its learning rates change, and when it is saved within epochs.

    Attributes
    ----------
    epochs : int
        Where to stop.
    batches : int
        Steps of all these epochs together.
    seed : int
        Of the draws that objectives ask for.
    schedules : mapping of str to callable
        Factor of each phase's base rate by epoch, or by step if ``steps`` is given.
    steps : int, optional
        Where to stop within the last epoch, for runs that count steps.
    checkpoint_steps : int
        Steps between two saves within an epoch; 0: only when asked to stop.
    """

    epochs: int
    batches: int
    seed: int
    schedules: Mapping[str, Schedule]
    steps: Optional[int] = None
    checkpoint_steps: int = 0

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.steps or self.batches

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
