"""The console has plain lines; what needs attention is marked."""

import logging

from mindreid.engine.platform.logs import log_to_console, log_to_file


def test_warnings_can_be_told_from_other_lines(capsys, tmp_path):
    log_to_console()
    logger = logging.getLogger("mindreid.some.module")
    with log_to_file(tmp_path / "train.log"):
        logger.info("epoch 1")
        logger.warning("these weights were trained with %s", "another input")
        logger.error("the disk is full")
    expected = [
        "epoch 1",
        "warning: these weights were trained with another input",
        "error: the disk is full",
    ]
    assert capsys.readouterr().err.splitlines() == expected
    kept = (tmp_path / "train.log").read_text(encoding="utf-8").splitlines()
    assert [line.split(" ", 2)[2] for line in kept] == [
        "INFO epoch 1",
        "WARNING these weights were trained with another input",
        "ERROR the disk is full",
    ]
