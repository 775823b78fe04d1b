"""Keypoints of a folder of images from a pose estimator in another process, resumable.

MediaPipe cannot share a process with MindSpore, nor an environment with the packages that are
pinned for it, so it is a program (:mod:`mindreid.preprocess.views.pose_estimator`) in an environment of
its own, which answers one path after the other.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional, TextIO, cast

from tqdm import tqdm

from mindreid.atomic import write_text
from mindreid.errors import InvalidArgumentError, MindReidError

logger = logging.getLogger(__name__)

#: Where ``scripts/setup.sh --extras pose`` puts the estimator's environment.
_OWN_ENVIRONMENT = Path(sys.prefix, "pose")
_PROGRAM = Path(__file__).with_name("pose_estimator.py")
_MAX_DEATHS = 3


class PoseEstimatorError(MindReidError):
    """The pose estimator cannot be started, or gives up on one image after the other."""


def find_estimator(python: Optional[Path] = None) -> list[str]:
    """Return the command line of the pose estimator.

    Parameters
    ----------
    python : Path, optional
        Interpreter of an environment with mediapipe. Without it, the environment that
        ``scripts/setup.sh --extras pose`` made is taken, or this one if it has mediapipe.

    Raises
    ------
    InvalidArgumentError
        If ``python`` is no file.
    PoseEstimatorError
        If there is none of these.
    """
    if python is not None:
        if not python.is_file():
            raise InvalidArgumentError("there is no such Python interpreter", where=str(python))
        # A name without a folder would be looked up in PATH.
        return [os.path.abspath(python), str(_PROGRAM)]
    own = _OWN_ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if own.is_file():
        return [str(own), str(_PROGRAM)]
    if importlib.util.find_spec("mediapipe") is not None:
        return [sys.executable, str(_PROGRAM)]
    raise PoseEstimatorError(
        "estimating poses needs MediaPipe, which is not installed",
        fix="run `bash scripts/setup.sh --extras pose`, or `pip install mediapipe==0.10.21` in an "
        "environment of its own and pass its interpreter by --pose-python; or pass --keypoints",
    )


def estimate_poses(root: Path, images: Sequence[str], target: Path, command: Sequence[str]) -> list[str]:
    """Estimate the pose of every image and write them as AlphaPose does.

    What is done is kept in ``<target>.partial``, so that an interrupted run goes on where it was. Images
    of another folder, and those that were replaced meanwhile, are asked about again.
    An image that cannot be read, or at which the estimator dies, has no pose.

    Parameters
    ----------
    root : Path
        Folder of the images.
    images : sequence of str
        Paths below ``root``.
    target : Path
        The JSON to write: a list, a person an object. Unlike AlphaPose's own, ``image_id`` is the
        path below ``root``, so that equal names in two folders stay apart.
    command : sequence of str
        The estimator, see :func:`find_estimator` and :mod:`~mindreid.preprocess.views.pose_estimator`.

    Returns
    -------
    list of str
        Images without an answer, in order.

    Raises
    ------
    PoseEstimatorError
        If the estimator does not start, or dies at several images in a row.
    """
    partial = target.with_name(f"{target.name}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _Estimator(command) as estimator:
        answers = _resume(partial, root, estimator.name)
        left = [image for image in images if image not in answers]
        if len(left) < len(images):
            logger.info(
                "going on with %s: %d of %d images done", partial, len(images) - len(left), len(images)
            )
        progress = tqdm(
            left, "poses", len(images), initial=len(images) - len(left), unit="image", disable=None
        )
        with partial.open("a", encoding="utf-8") as log:
            for image in progress:
                # Looked at before the image is read: what is replaced meanwhile is asked about again.
                version = _version(root / image)
                answers[image] = estimator.ask(str(root / image))
                log.write(json.dumps({"image": image, "version": version, **answers[image]}) + "\n")
                log.flush()
    persons = [
        json.dumps({"image_id": image, "category_id": 1, **person})
        for image in images
        for person in answers[image].get("persons", ())
    ]
    write_text(target, "[" + ",\n".join(persons) + "]\n")
    partial.unlink()
    failed = [image for image in images if "error" in answers[image]]
    for image in failed:
        logger.warning("no pose of %s: %s", root / image, answers[image]["error"])
    return failed


def _resume(partial: Path, root: Path, estimator: str) -> dict[str, Any]:
    """Read what an interrupted run says of the same files; begin its file anew with that."""
    header = json.dumps({"estimator": estimator, "root": os.path.realpath(root)}) + "\n"
    answers: dict[str, Any] = {}
    kept = []
    with suppress(OSError, ValueError, KeyError, TypeError):
        first, *lines = partial.read_text(encoding="utf-8").splitlines(keepends=True)
        # A line without an end was cut off when the process was killed.
        for line in (line for line in lines if first == header and line.endswith("\n")):
            answer = json.loads(line)
            image = answer.pop("image")
            if answer.pop("version") == _version(root / image):
                answers[image] = answer
                kept.append(line)
    write_text(partial, "".join([header, *kept]))
    return answers


def _version(path: Path) -> list[int]:
    """Return what tells a file from one that took its place: size in bytes, time in nanoseconds."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


class _Estimator:
    """The program, started again when it dies at an image.

    Parameters
    ----------
    command : sequence of str
        Its command line.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command, self._deaths = list(command), 0
        self.name = ""

    def __enter__(self) -> _Estimator:
        self._errors: Any = tempfile.TemporaryFile()
        self._start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stop()
        self._errors.close()

    def ask(self, path: str) -> dict[str, Any]:
        """Return the program's answer for the image at ``path``, or why there is none."""
        answer = self._exchange(path)
        if answer is not None:
            self._deaths = 0
            return answer
        self._deaths += 1
        if self._deaths >= _MAX_DEATHS:
            raise PoseEstimatorError(
                f"the pose estimator died at {_MAX_DEATHS} images in a row{self._last_words()}", where=path
            )
        self._stop()
        self._start()
        return {"error": "the pose estimator died at this image"}

    def _exchange(self, path: str) -> Optional[dict[str, Any]]:
        try:
            self._requests.write(json.dumps(path) + "\n")
            self._requests.flush()
            answer = json.loads(self._answers.readline())
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user names the interpreter
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                encoding="utf-8",
            )
        except OSError as error:
            raise PoseEstimatorError(
                f"the pose estimator cannot be started ({error.strerror})", where=self._command[0]
            ) from None
        self._requests = cast(TextIO, self._process.stdin)
        self._answers = cast(TextIO, self._process.stdout)
        try:
            self.name = str(json.loads(self._answers.readline())["estimator"])
        except (ValueError, KeyError, TypeError):
            self._stop()
            raise PoseEstimatorError(
                f"the pose estimator does not start{self._last_words()}",
                where=self._command[0],
                fix="run `bash scripts/setup.sh --extras pose`, or pass --pose-python",
            ) from None

    def _stop(self) -> None:
        with suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f", its last words: {lines[-1].strip()}" if lines else ""
