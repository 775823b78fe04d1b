"""The last result of every benchmark in one line, made of the figures that it stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from mindreid.report.tables.markdown import percent, rank1_and_map_spread

Figures = Mapping[str, Any]
#: Most seconds and least similarity of paths whose figures are shown: those of the page's example.
SHOWN_PATHS = (15.0, 0.8)


def adversarial_step(figures: Figures) -> str:
    """Tell the price of each method's adversaries."""
    own = {name: figures[name]["train"]["wall_ratio"] for name in ("cal", "val")}
    return _listed(f"{name.upper()} {ratio:.2f}" for name, ratio in own.items()) + " times the time"


def audit(figures: Figures) -> str:
    """Count the methods in whose graphs nothing was found, by platform."""
    methods = figures["methods"].values()
    clean = (
        f"{platform} {sum(not own['levels']['O0'][platform]['findings'] for own in methods)}"
        for platform in ("Ascend", "GPU")
    )
    return f"of {len(methods)} methods nothing found in float32: {_listed(clean)}"


def epoch(figures: Figures) -> str:
    """Tell the ratio to every loop."""
    names = {"simple_ccreid": "Simple-CCReID", "opengait": "OpenGait"}
    own = (f"{names[loop]} {of['ratio']:.2f}" for loop, of in figures["loops"].items())
    return f"{_listed(own)} times the time"


def evaluation(figures: Figures) -> str:
    """Tell the time of both parts."""
    return (
        f"{figures['recipe']}: embedding {figures['embedding_s_of_all']:.0f} s "
        f"({figures['images_per_second']:.1f} images/s), ranking {figures['ranking_s']:.1f} s"
    )


def convolutions(figures: Figures) -> str:
    """Tell how the time of all convolutions compares, and which kernel and layout most of them have."""
    sides = []
    for library, name in (("torch", "PyTorch"), ("mindspore", "MindSpore")):
        own = [(one["count"], one[library]) for one in figures["convolutions"]]
        layouts: Counter[str] = Counter()
        for count, side in own:
            layouts[f"{side['kernel']} on {side['layout']}"] += count
        ((most, times),) = layouts.most_common(1)
        sides.append(f"{name} (oneDNN {own[0][1]['onednn']}) {most} {times} of {sum(layouts.values())} times")
    return f"MGN's: {figures['ratio']:.2f} times the time; {'; '.join(sides)}"


def fine_grained_clustering(figures: Figures) -> str:
    """Tell how much faster the clustering is."""
    return f"{figures['speedup_of_medians']['cluster_persons']:.1f} times faster"


def gait_or_clothes(figures: Figures) -> str:
    """Tell rank-1 where the clothes changed, of every arm that sees face and shoes or shows neither."""
    shown = (
        f"{arm} {percent(of['CL reid']['rank1']['mean'])}"
        for arm, of in figures["summary"].items()
        if "masked" not in arm
    )
    return f"rank-1, clothes changed: {'; '.join(shown)}"


def gait_pets09(figures: Figures) -> str:
    """Tell rank-1 of every network."""
    shown = (f"{name} {percent(of['rank1'])}" for name, of in figures["networks"].items())
    return f"rank-1: {_listed(shown)}"


def inference(figures: Figures) -> str:
    """Tell every runtime's time per image of every network."""
    shown = (
        f"{name}: "
        + _listed(f"{runtime} {of['ms_per_image']:.0f}" for runtime, of in own["runtimes"].items())
        for name, own in figures["models"].items()
    )
    return f"ms per image of {'; '.join(shown)}"


def kill_and_resume(figures: Figures) -> str:
    """Tell how often the run was killed, and whether that left a trace."""
    verdict = "different" if figures["differences"] else "equal bit for bit"
    return f"{len(figures['kills'])} kills in {figures['steps']} steps: {verdict}"


def kth_walking(figures: Figures) -> str:
    """Tell rank-1 of every arm in other clothes, beside chance."""
    arms = figures["protocols"]["d1 → d3"]
    shown = (f"{arm} {percent(of['rank1']['mean'])}" for arm, of in arms.items())
    chance = percent(next(iter(arms.values()))["chance"]["mean"])
    return f"rank-1 in other clothes: {_listed(shown)} (chance {chance})"


def learning(figures: Figures) -> str:
    """Tell rank-1 and mAP of every arm in the experiment's first protocol."""
    protocol = next(iter(next(iter(figures["summary"].values()))))
    shown = (f"{arm} {rank1_and_map_spread(of[protocol])}" for arm, of in figures["summary"].items())
    return f"{protocol}: {'; '.join(shown)}"


def methods(figures: Figures) -> str:
    """Count the methods whose gain exceeds two of its deviations."""
    gains = [own["gain"]["rank1"] for own in figures["methods"].values()]
    return f"{sum(gain['mean'] > 2 * gain['std'] for gain in gains)} of {len(gains)} methods learn"


def mined_classes(figures: Figures) -> str:
    """Tell the last epoch's agreement of every arm."""
    shown = (f"{arm} {epochs[-1]['nmi_outfit']['mean']:.2f}" for arm, epochs in figures["arms"].items())
    return f"NMI with outfits in the last epoch: {_listed(shown)}"


def mixed_precision(figures: Figures) -> str:
    """Tell the term that is farthest from float32 at level O2."""
    found = [
        (levels["O2"]["relative_difference"], f"{method}, {term}")
        for method, terms in figures["methods"].items()
        for term, levels in terms.items()
    ]
    largest, where = max(found)
    return f"largest difference at O2: {percent(largest)} % ({where})"


def pipeline(figures: Figures) -> str:
    """Tell how many times faster the pipeline is than each other way."""
    return _listed(f"{way}: {ratio:.1f} times faster" for way, ratio in figures["times_as_fast_as"].items())


def pku_labels(figures: Figures) -> str:
    """Tell how many view labels are right."""
    labels = (f"{method} {own['right_percent']} %" for method, own in figures["methods"].items())
    return f"labels right: {_listed(labels)}"


def pku_views(figures: Figures) -> str:
    """Tell rank-1 of every arm from another side."""
    arms = figures["by_difference"]["90° and more"]
    found = (f"{arm} {percent(of['rank1']['mean'])}" for arm, of in arms.items())
    return f"rank-1 from 90° and more: {_listed(found)}"


def ranking(figures: Figures) -> str:
    """Tell both speed-ups."""
    shown = (
        f"ranking {figures['ranking']['speedup_of_medians']:.1f}",
        f"re-ranking {figures['reranking']['speedup_of_median']:.1f}",
    )
    return f"{_listed(shown)} times faster"


def ranking_product(figures: Figures) -> str:
    """Tell the ratio to the product."""
    return f"{figures['wall_ratio']:.2f} times the time ({figures['processor_ratio']:.2f} in processor time)"


def people_rates(figures: Figures) -> str:
    """Tell the chosen part of every arm's rate."""
    own = (f"{arm} × {of['chosen']:g}" for arm, of in figures["arms"].items())
    return f"of the recipe's rate: {_listed(own)}"


def real_people(figures: Figures) -> str:
    """Tell rank-1 of every network."""
    shown = (f"{name} {percent(of['rank1']['mean'])}" for name, of in figures["networks"].items())
    return f"rank-1: {_listed(shown)}"


def real_people_curve(figures: Figures) -> str:
    """Tell the last evaluation, and from which epoch rank-1 has been within a point of it."""
    last = figures["last"]
    return (
        f"{percent(last['rank1'])} / {percent(last['mAP'])} after {figures['epochs'][-1]} epochs; "
        f"rank-1 within a point of that from epoch {figures['level_from_epoch']}"
    )


def search_add(figures: Figures) -> str:
    """Tell the frames per second of all stages together."""
    return f"{figures['frames_per_second']['all of it']:.1f} frames/s"


def search_find(figures: Figures) -> str:
    """Tell the median time of a search by size."""
    shown = (f"{size['tracklets']:,}: {size['all median_ms']:.0f} ms" for size in figures["sizes"])
    return f"a search among {_listed(shown)}"


def search_paths(figures: Figures) -> str:
    """Tell the IDF1 of true and of found tracks in one setting, beside that of tracklets not joined."""
    shown = []
    for tracks in dict.fromkeys(row["tracks"] for row in figures["rows"]):
        rows = [row for row in figures["rows"] if row["tracks"] == tracks]
        (apart,) = (row["idf1"] for row in rows if row["least_similarity"] is None)
        (joined,) = (row["idf1"] for row in rows if _setting(row) == SHOWN_PATHS)
        shown.append(f"{tracks} {percent(joined)}, not joined {percent(apart)}")
    seconds, similarity = SHOWN_PATHS
    return f"IDF1 at {seconds:g} s and similarity {similarity:g}: {'; '.join(shown)}"


def _setting(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row["most_seconds"], row["least_similarity"]


def search_quality(figures: Figures) -> str:
    """Tell how often the first hit is right, beside chance, by network and place."""
    shown = []
    for network, measured in figures["networks"].items():
        places = next(iter(measured["learnt_at"].values()))["checked"].items()
        rates = (
            f"{place} {percent(own['hit_rates']['1'])} ({percent(own['chance']['1'])})"
            for place, own in places
        )
        shown.append(f"{network}: {', '.join(rates)}")
    return f"rank-1 (chance): {'; '.join(shown)}"


def train_step(figures: Figures) -> str:
    """Tell each network's ratios in training and inference."""
    shown = (
        f"{name} {own['train']['wall_ratio']:.2f} and {own['infer']['wall_ratio']:.2f}"
        for name, own in figures.items()
        if isinstance(own, Mapping)
    )
    return f"training step and inference: {_listed(shown)} times the time"


def views(figures: Figures) -> str:
    """Tell the share of right labels from true keypoints and from noisy ones with gaps."""
    shown = (
        f"{name}: {conditions[name]['vote']['right_percent']:.1f} % "
        f"({conditions[name]['paper']['right_percent']:.1f} %)"
        for conditions in (figures["natural"]["conditions"],)
        for name in ("true keypoints", "5 px noise, 30 % missing")
    )
    return f"right by votes (by the paper's rule), {'; '.join(shown)}"


def walkers(figures: Figures) -> str:
    """Tell how many images are written in a second."""
    return f"{figures['written_images_per_second_with_annotations']:.0f} images/s with all annotations"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
