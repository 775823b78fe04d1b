"""What stands between a recipe and a platform: operators it lacks, costly types, shapes and waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mindreid.config import Recipe
from mindreid.engine.audit.compiled_graphs import TRAINING, compile_graphs
from mindreid.engine.audit.device_waits import Wait
from mindreid.engine.audit.graph_operators import Operator
from mindreid.engine.audit.platform_support import PlatformSupport

#: What a graph is held together with; no kernel runs for these.
STRUCTURE = frozenset(
    {"Load", "UpdateState", "Depend", "Partial", "Switch", "SwitchLayer", "Return", "call", "StopGradient"}
    | {"MakeTuple", "TupleGetItem", "RealMakeTuple", "RealTupleGetItem", "TupleToTensor", "tuple_setitem"}
    | {"MakeList", "make_list", "list_getitem"}
)
#: What runs Python, or sends values to the host, in the middle of a graph.
HOST_CALLBACKS = frozenset(
    {"Print", "PyFunc", "PyExecute", "PyInterpret", "Assert", "Custom", "CustomExt", "TensorDump"}
    | {"TensorSummary", "ScalarSummary", "ImageSummary", "HistogramSummary"}
)
_WIDE_TYPES = ("Int64", "Float64")


@dataclass(frozen=True)
class Finding:
    """Something that a platform lacks, or that costs time there.

    Attributes
    ----------
    phase : str
        "training" or "inference".
    operator : str
        The primitive, or the method of ``Tensor`` that waits.
    problem : str
        What is wrong with it, in words.
    place : str
        The line of our sources that it comes from, or MindSpore's.
    count : int
        How many operators have the same problem at the same place.
    """

    phase: str
    operator: str
    problem: str
    place: str
    count: int = 1


@dataclass(frozen=True)
class Audit:
    """What was seen of a recipe on a platform.

    Attributes
    ----------
    findings : tuple of Finding
        In order of phase, problem and operator.
    operators : dict of str to int
        How many operators each phase has, without those that only hold a graph together.
    verdicts : dict of str to list of str
        The primitives by :attr:`mindreid.engine.audit.platform_support.Support.verdict`.
    """

    findings: tuple[Finding, ...]
    operators: dict[str, int]
    verdicts: dict[str, list[str]]


def audit_recipe(recipe: Recipe, platforms: Sequence[str]) -> dict[str, Audit]:
    """Compile a recipe's graphs here and compare their operators with what platforms have.

    Parameters
    ----------
    recipe : Recipe
        Audited in its own precision and input size, with a small batch of random images.
    platforms : sequence of {"Ascend", "GPU"}
        MindSpore for them need not be installed.

    Returns
    -------
    dict of str to Audit
        By platform.
    """
    phases, waits = compile_graphs(recipe)
    return {platform: _audit(phases, waits, PlatformSupport(platform)) for platform in platforms}


def _audit(
    phases: Mapping[str, Sequence[Operator]], waits: Sequence[Wait], support: PlatformSupport
) -> Audit:
    kernels = {
        phase: [operator for operator in operators if operator.name not in STRUCTURE]
        for phase, operators in phases.items()
    }
    found = Counter(_waits(waits))
    for phase, operators in kernels.items():
        found.update(find_problems(phase, operators, support))
    ordered = sorted(found.items(), key=lambda item: (*item[0][:1], item[0][2], item[0][1], item[0][3]))
    verdicts: dict[str, set[str]] = {}
    for operator in {operator.name for operators in kernels.values() for operator in operators}:
        verdicts.setdefault(support[operator].verdict, set()).add(operator)
    return Audit(
        tuple(Finding(*key, count=count) for key, count in ordered),
        {phase: len(operators) for phase, operators in kernels.items()},
        {verdict: sorted(names) for verdict, names in sorted(verdicts.items())},
    )


def find_problems(
    phase: str, operators: Iterable[Operator], support: PlatformSupport
) -> Iterator[tuple[str, str, str, str]]:
    """Yield phase, operator, problem and place of everything that is wrong with some operators."""
    for operator in operators:
        for problem in _problems(phase, operator, support):
            yield phase, operator.name, problem, operator.place


def _problems(phase: str, operator: Operator, support: PlatformSupport) -> Iterator[str]:
    if operator.name in HOST_CALLBACKS:
        yield "calls the host"
        return
    known = support[operator.name]
    if known.verdict == "unsupported":
        yield f"not supported on {support.platform}"
    elif not known.is_found:
        yield f"nothing says that {support.platform} has it"
    used = {*operator.inputs, *operator.outputs}
    for wide in _WIDE_TYPES:
        if wide in used:
            yield f"{wide.lower()} on the device"
    for missing in sorted(_undocumented_types(used, known.types)):
        yield f"documented without {missing}"
    if phase == TRAINING and operator.has_free_sizes:
        yield "dynamic shape"


def _undocumented_types(used: Iterable[str], documented: frozenset[str]) -> Iterator[str]:
    """Yield types that documentation lacks, if it names others of the same kind, float or int.

    One that names no float may speak of an index alone.
    """
    for name in (kind.lower() for kind in used):
        kind = name.rstrip("0123456789")
        if any(other.startswith(kind) for other in documented) and name not in documented:
            yield name


def _waits(waits: Iterable[Wait]) -> Iterator[tuple[str, str, str, str]]:
    for wait in waits:
        yield TRAINING, wait.reader, "waits for the device in every step", wait.place
