"""Where in a checkpoint's content its weights are: under which keys, behind which prefixes."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np

from mindreid.errors import CheckpointError

logger = logging.getLogger(__name__)

#: Keys of weights averaged over training, which are what their authors evaluate.
AVERAGED_KEYS = ("state_dict_ema", "model_ema", "ema_state_dict", "model_ema_state_dict", "ema_model", "ema")
#: Keys of weights as last trained.
PLAIN_KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "module")
#: What parallel training and compilation put before a parameter's name, in any number.
_WRAPPERS = re.compile(r"^(?:(?:module|_orig_mod)\.)+")
_DEPTH = 3
_LISTED = 8


def find_weights(
    content: Mapping[str, Any], sections: Mapping[str, str], where: str, entry: Optional[str] = None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Find the weights in the content of a checkpoint.

    Averaged weights are taken before those as last trained, which is logged.

    Parameters
    ----------
    content : mapping
        Of the whole file: a state dict, or state dicts among other things.
    sections : mapping of str to str
        Keys under which a source keeps its state dicts, and what goes before the names of each one's
        tensors; the one with nothing before them may be under any other of the known keys, too.
    where : str
        The file, for messages.
    entry : str, optional
        The key to take; by default the known ones are looked for.

    Returns
    -------
    state : dict of str to ndarray
        Floating-point tensors as float32, others as they are, by names without what parallel
        training and compilation put before them.
    others : tuple of str
        The content's other keys, such as "epoch" or "optimizer".

    Raises
    ------
    CheckpointError
        If there are no weights, naming the keys looked for and found, or one is not finite.
    """
    key = _main_key(content, sections, where, entry)
    if key is None:
        return _arrays(content, where), ()
    prefixes = {
        key: "",
        **{other: prefix for other, prefix in sections.items() if prefix and other in content},
    }
    state: dict[str, np.ndarray] = {}
    for name, prefix in prefixes.items():
        found = _unwrapped(content[name])
        if found is None:
            what = f"{name!r} should be a state dict, not a {type(content[name]).__name__}"
            raise CheckpointError(what, where=where)
        state.update({prefix + inner: value for inner, value in _arrays(found, where).items()})
    return state, tuple(str(other) for other in content if other not in prefixes)


def _main_key(
    content: Mapping[str, Any], sections: Mapping[str, str], where: str, entry: Optional[str]
) -> Optional[str]:
    """Key of the network's own weights; ``None`` if the content itself is them."""
    own = [name for name, prefix in sections.items() if not prefix]
    looked_for = [entry] if entry is not None else list(dict.fromkeys([*AVERAGED_KEYS, *own, *PLAIN_KEYS]))
    present = [key for key in looked_for if _unwrapped(content.get(key)) is not None]
    if present:
        if len(present) > 1:
            logger.warning(
                "%s: the weights under %r are taken, not %s", where, present[0], _quoted(present[1:])
            )
        return present[0]
    if entry is None and any(_is_tensor(value) for value in content.values()):
        return None
    found = [f"{key!r} is a {type(value).__name__}" for key, value in list(content.items())[:_LISTED]]
    raise CheckpointError(
        f"there are no weights in this file; looked for {_quoted(looked_for)}; "
        f"found: {', '.join(found) if found else 'nothing'}{', …' if len(content) > _LISTED else ''}",
        where=where,
        fix="pass a file with the network's state dict; an optimizer's does not hold its weights",
    )


def _quoted(keys: list[str]) -> str:
    return ", ".join(map(repr, keys))


def _unwrapped(value: Any, depth: int = _DEPTH) -> Optional[Mapping[str, Any]]:
    """Return the state dict that a value is, or holds under a known key."""
    if not isinstance(value, Mapping) or not depth:
        return None
    if any(_is_tensor(inner) for inner in value.values()):
        return value
    keys = (key for key in (*AVERAGED_KEYS, *PLAIN_KEYS) if key in value)
    return next((found for key in keys if (found := _unwrapped(value[key], depth - 1)) is not None), None)


def _is_tensor(value: Any) -> bool:
    # PyTorch's class need not be there to read other files.
    return isinstance(value, np.ndarray) or hasattr(value, "is_floating_point")


def _arrays(state: Mapping[str, Any], where: str) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for full_name, value in state.items():
        name = _WRAPPERS.sub("", str(full_name))
        if not _is_tensor(value):
            raise CheckpointError(
                f"entry {full_name!r} is a {type(value).__name__}, not a tensor",
                where=where,
                fix="if this is a training checkpoint, `mindreid convert` reads it with the right --source",
            )
        if name in arrays:
            raise CheckpointError(f"the tensor {name!r} is there with and without a prefix", where=where)
        arrays[name] = _array(name, value, where)
    return arrays


def _array(name: str, value: Any, where: str) -> np.ndarray:
    try:
        if not isinstance(value, np.ndarray):
            value = value.detach()
            value = (value.float() if value.is_floating_point() else value).numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0][:100]
        raise CheckpointError(f"the tensor {name!r} cannot be read ({reason})", where=where) from None
    array = value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CheckpointError(
            f"the tensor {name!r} is not finite",
            where=where,
            fix="take a checkpoint from before training failed",
        )
    return np.asarray(array)
