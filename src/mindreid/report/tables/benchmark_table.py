"""The table of all benchmarks: what each measures, against what, and what it found last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mindreid.report.tables import benchmark_figures as figures_of
from mindreid.report.tables.claims_table import claims_summary
from mindreid.report.tables.markdown import table
from mindreid.report.tables.result_files import ResultFiles

NOT_RECORDED = "not recorded yet"


@dataclass(frozen=True)
class Benchmark:
    """A result file's benchmark.

    Attributes
    ----------
    script : str
        Its file in ``benchmarks/``, without a suffix.
    result : str
        Its file in ``results/``, without a suffix.
    measures, baseline : str
        What it measures, and against what.
    summary : callable
        From the figures of the result file to the line that the table shows.
    arguments : str
        What the command needs, as long as there is no result that says how it was made.
    """

    script: str
    result: str
    measures: str
    baseline: str
    summary: Callable[[Mapping[str, Any]], str]
    arguments: str = ""

    @property
    def command(self) -> str:
        """The command line."""
        return f"python benchmarks/{self.script}.py {self.arguments}".rstrip()


BENCHMARKS = (
    Benchmark(
        "adversarial_step",
        "adversarial_step",
        "training step of CAL and VAL",
        "the same network with the identity loss alone",
        figures_of.adversarial_step,
    ),
    Benchmark(
        "claims",
        "claims",
        "the papers' claims, on walkers and on real persons: shown, not shown or contrary",
        "what each claim names; paired by seed or by person",
        claims_summary,
        "--cuhk01 data/cuhk01 --pku data/pku_reid --kth KTH/walking",
    ),
    Benchmark(
        "convolutions",
        "convolutions",
        "MGN's convolutions one by one, and which of oneDNN's kernels computes them",
        "the same ones in PyTorch",
        figures_of.convolutions,
    ),
    Benchmark(
        "epoch",
        "epoch",
        "seconds per epoch with data, augmentation and step: CAL, GaitBase",
        "Simple-CCReID's and OpenGait's own loops, same files",
        figures_of.epoch,
        "--simple-ccreid DIR --opengait DIR",
    ),
    Benchmark(
        "evaluation",
        "evaluation",
        "evaluation of a set of Market-1501's size from end to end, 3,368 × 19,732",
        "none",
        figures_of.evaluation,
    ),
    Benchmark(
        "fine_grained_clustering",
        "fine_grained_clustering",
        "FIRe²'s clustering within persons, 10,000 × 4,096",
        "the authors' loop over images",
        figures_of.fine_grained_clustering,
    ),
    Benchmark(
        "gait_or_clothes",
        "gait_or_clothes",
        "who is found when clothes change, on generated walkers",
        "gait and re-identification, on the same walkers",
        figures_of.gait_or_clothes,
        "--ids 100 --seeds 1",
    ),
    Benchmark(
        "gait_pets09",
        "gait_pets09",
        "gait of real pedestrians, each tested by a network that never saw them",
        "the same network untrained",
        figures_of.gait_pets09,
        "--video vtest.avi --annotations gt.txt",
    ),
    Benchmark(
        "inference",
        "inference",
        "latency and memory of exported files",
        "the same network in MindSpore and in PyTorch",
        figures_of.inference,
    ),
    Benchmark(
        "kill_and_resume",
        "kill_and_resume",
        "training killed again and again, and resumed",
        "the same training, never killed: bit for bit",
        figures_of.kill_and_resume,
        "fire/walkers --root data/clothes_walkers --result kill_and_resume",
    ),
    Benchmark(
        "kth_walking",
        "kth_walking",
        "who is found in other clothes: real walkers' gait and crops of the same passes",
        "the identity loss on crops; chance",
        figures_of.kth_walking,
        "--videos KTH/walking --splits 5",
    ),
    *(
        Benchmark("learning", f"learning_{name}", measures, baseline, figures_of.learning, f"{name}{more}")
        for name, measures, baseline, more in (
            ("walkers", "MGN on persons not in training, generated", "the same network untrained", ""),
            (
                "pets09",
                "MGN on real persons not in training",
                "untrained; trained on walkers only",
                " --video vtest.avi --annotations gt.txt --start runs/quickstart/run/last.ckpt",
            ),
            ("clothes", "CAL and VAL when clothes change", "identity loss only", ""),
            ("fire", "FIRe² when clothes change", "identity loss only, each part alone", ""),
            ("gait", "AUG-OGBase on walkers not in training", "untrained; without augmentation", ""),
        )
    ),
    Benchmark(
        "methods",
        "methods",
        "whether every method learns, on walkers not in training",
        "the same network untrained",
        figures_of.methods,
    ),
    Benchmark(
        "mined_classes",
        "mined_classes",
        "FIRe²'s mined classes, epoch by epoch",
        "known outfits and viewpoints",
        figures_of.mined_classes,
        "--runs runs/learning/fire",
    ),
    Benchmark(
        "mixed_precision",
        "mixed_precision",
        "every method's loss terms in mixed precision",
        "float32",
        figures_of.mixed_precision,
    ),
    Benchmark(
        "people_rates",
        "people_rates",
        "which learning rate each arm goes on with from walkers to real persons, by its training loss",
        "parts of its recipe's rate",
        figures_of.people_rates,
        "--root data/cuhk01",
    ),
    Benchmark(
        "pipeline",
        "pipeline",
        "images per second of the training pipeline",
        "a plain loop, MindSpore's own workers",
        figures_of.pipeline,
    ),
    Benchmark(
        "pku_labels",
        "pku_labels",
        "view labels of real persons, told from poses",
        "their true orientations",
        figures_of.pku_labels,
        "--root data/pku_reid",
    ),
    Benchmark(
        "pku_views",
        "pku_views",
        "who is found from another side, real persons",
        "CAL",
        figures_of.pku_views,
        "--root data/pku_reid --splits 5",
    ),
    Benchmark(
        "platform_audit",
        "audit",
        "what every method's graphs ask of Ascend and GPU",
        "MindSpore's documentation of its operators",
        figures_of.audit,
    ),
    Benchmark(
        "ranking",
        "ranking",
        "evaluation and re-ranking of a set of Market-1501's size",
        "plain NumPy",
        figures_of.ranking,
    ),
    Benchmark(
        "ranking",
        "ranking_product",
        "evaluation of a set of Market-1501's size with junk and distractors, 3,368 × 19,732 × 2,048",
        "the matrix product of its distances alone",
        figures_of.ranking_product,
        "--parts product",
    ),
    Benchmark(
        "real_people",
        "real_people_cuhk01",
        "methods on real persons in one budget, resampled over persons",
        "another method, networks of others",
        figures_of.real_people,
        "--dataset cuhk01 --root data/cuhk01 --splits 3",
    ),
    Benchmark(
        "real_people_curve",
        "real_people_curve",
        "MGN on real persons, trained until it levels off",
        "earlier epochs",
        figures_of.real_people_curve,
        "--root data/cuhk01",
    ),
    Benchmark(
        "search",
        "search_add",
        "frames per second of adding a video to an index",
        "none",
        figures_of.search_add,
        "add --video vtest.avi --model FILE",
    ),
    Benchmark(
        "search",
        "search_find",
        "time of an exact search, of tracklets of 512 values",
        "none",
        figures_of.search_find,
        "find",
    ),
    Benchmark(
        "search_paths",
        "search_paths",
        "walkers followed over four cameras",
        "every tracklet by itself",
        figures_of.search_paths,
        "--model FILE",
    ),
    Benchmark(
        "search_quality",
        "search_quality",
        "whether searches find persons, and scores keep what they promise",
        "chance; a network of Open Model Zoo",
        figures_of.search_quality,
        "--model FILE",
    ),
    Benchmark(
        "train_step",
        "train_step",
        "training step and inference",
        "the same networks in PyTorch",
        figures_of.train_step,
    ),
    Benchmark(
        "views",
        "views",
        "viewpoint labels of walkers",
        "their known direction; the paper's rule",
        figures_of.views,
    ),
    Benchmark("walkers", "walkers", "images of walkers per second, on one core", "none", figures_of.walkers),
)


def benchmark_table(results: ResultFiles) -> str:
    """Show every benchmark, one line each."""
    header = ("benchmark", "measures", "against", "last result", "command", "machine", "date")
    return table(header, [_row(results, benchmark) for benchmark in BENCHMARKS])


def _row(results: ResultFiles, benchmark: Benchmark) -> tuple[str, ...]:
    name = f"[{benchmark.script}]({benchmark.script}.py)"
    about = (name, benchmark.measures, benchmark.baseline)
    content = results.content(benchmark.result)
    if content is None:
        return (*about, NOT_RECORDED, f"`{benchmark.command}`", "", "")
    return (
        *about,
        benchmark.summary(content["figures"]),
        f"`{content['command']}`",
        _machine(content["host"]),
        content["measured_at"][:10],
    )


def _machine(host: Mapping[str, Any]) -> str:
    """Name processor, cores and memory, and what else the machine did as the benchmark ended."""
    cores = "1 core" if host["cores"] == 1 else f"{host['cores']} cores"
    return f"{host['processor']}, {cores}, {host['memory_gib']:.0f} GiB, load {host['load_average_1min']:.1f}"
