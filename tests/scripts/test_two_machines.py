"""Training on two machines, which are two network namespaces of this one, joined by a cable."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from mindreid.walkers import synthesize
from tests.engine.run_files import assert_equal_runs

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "run_distribute_train.sh"
NAMESPACES = (("mindreid_a", "10.77.31.1"), ("mindreid_b", "10.77.31.2"))
RECIPE = """
base: mgn/walkers
model: {network: {trunk: resnet18, width: 0.0625}}
input: {height: 96, width: 32}
sampler: {persons: 2, images: 2}
train: {epochs: null, steps: 4, log_every: 1, evaluate_every: 0}
evaluation: {batch_size: 16}
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def machines():
    """The two namespaces; what is left of an earlier test goes first."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need iproute2 and root")
    _remove()
    try:
        for name, _ in NAMESPACES:
            ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces are not permitted here: {error.stderr.decode().strip()}")
    (first, _), (second, _) = NAMESPACES
    ip("link", "add", "cable_a", "netns", first, "type", "veth", "peer", "name", "cable_b", "netns", second)
    for (name, address), cable in zip(NAMESPACES, ("cable_a", "cable_b")):
        ip("-n", name, "addr", "add", f"{address}/24", "dev", cable)
        for link in ("lo", cable):
            ip("-n", name, "link", "set", link, "up")
    yield NAMESPACES
    _remove()


def _remove():
    for name, _ in NAMESPACES:
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("netns", "del", name)


def rank_table(path):
    servers = [
        {"server_id": address, "device": [{"device_id": "0", "rank_id": str(rank)}]}
        for rank, (_, address) in enumerate(NAMESPACES)
    ]
    path.write_text(json.dumps({"version": "1.0", "server_list": servers}), encoding="utf-8")
    return path


def start(folder, output, *workers, machine=None):
    prefix = () if machine is None else ("ip", "netns", "exec", machine)
    arguments = ("CPU", folder / "tiny.yaml", folder / "walkers", output, *workers)
    return subprocess.Popen(
        [*prefix, "bash", SCRIPT, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes):
    for process in processes:
        _, errors = process.communicate(timeout=500)
        assert process.returncode == 0, errors


@pytest.mark.slow
def test_two_machines_train_as_two_workers_of_one(machines, tmp_path):
    """Told of each other once by options and once by a rank table, they reach what one machine reaches."""
    (tmp_path / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    synthesize("market1501", tmp_path / "walkers", ids=12, seed=1, cameras=2, frames=2, size=(96, 32))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    finish([start(tmp_path, tmp_path / "one", "--worker-num", 2, "--port", port)])
    options = ("--worker-num", 2, "--local-worker-num", 1, "--master-addr", machines[0][1], "--port", 8118)
    finish(
        [
            start(tmp_path, tmp_path / "two", *options, "--node-rank", rank, machine=name)
            for rank, (name, _) in enumerate(machines)
        ]
    )
    table = ("--rank-table", rank_table(tmp_path / "hccl.json"), "--port", 8119)
    finish([start(tmp_path, tmp_path / "table", *table, machine=name) for name, _ in machines])
    for run in ("two", "table"):
        assert_equal_runs(tmp_path / "one", tmp_path / run)
        logs = {path.name for path in (tmp_path / run / "logs").iterdir()}
        assert {"msrun.log", "msrun_1.log", "worker_0.log", "worker_1.log"} <= logs
