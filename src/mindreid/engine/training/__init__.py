"""Training of any method: a plan, a state that saves itself, and what watches a run.

``run`` puts a recipe's run together and keeps its folder. ``loop`` carries a ``Plan`` out on a
``RunState`` with one compiled ``step``; listeners log, mine labels, evaluate and save. Methods are
known only through their :class:`mindreid.objective.Objective`.
"""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    listeners=["CheckpointKeeper", "Listener", "LossLog", "PeriodicEvaluation"],
    loop=["Trainer"],
    mining=["LabelMining"],
    optimizers=["adam", "adamw", "sgd"],
    plan=["Plan"],
    progress=["Progress", "StepReport"],
    run=["train"],
    run_folder=["RunFolder"],
    run_state=["RunState"],
    schedules=["cosine", "multi_step", "piecewise"],
    step=["TrainStep"],
    stopping=["StopRequest"],
)
