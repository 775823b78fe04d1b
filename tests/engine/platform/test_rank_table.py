"""HCCL's rank tables: read as hccl_tools and ModelArts write them, refused where msrun could not follow."""

import json
import subprocess
import sys

import pytest

from mindreid.engine.platform.rank_table import Server, has_address, read_rank_table
from mindreid.errors import DeviceError


def table(path, *servers, version="1.0"):
    """Write a table of servers ``(address, ((device, rank), …))``."""
    entries = [
        {
            "server_id": address,
            "device": [
                {"device_id": str(device), "device_ip": f"192.168.0.{rank}", "rank_id": str(rank)}
                for device, rank in devices
            ],
            "host_nic_ip": "reserve",
        }
        for address, devices in servers
    ]
    content = {"version": version, "server_count": str(len(servers)), "server_list": entries}
    path.write_text(json.dumps({**content, "status": "completed"}), encoding="utf-8")
    return path


@pytest.fixture
def two_machines(tmp_path):
    """Listed in reverse, with devices that are not the first ones."""
    return table(tmp_path / "hccl.json", ("203.0.113.2", ((5, 3), (4, 2))), ("203.0.113.1", ((6, 0), (7, 1))))


def test_machines_and_devices_come_in_the_order_of_their_ranks(two_machines):
    read = read_rank_table(two_machines)
    assert read.servers == (Server("203.0.113.1", (6, 7)), Server("203.0.113.2", (4, 5)))
    assert read.worker_num == 4
    assert read.node_rank(lambda address: address == "203.0.113.2") == 1


def test_a_machine_knows_its_own_addresses(two_machines):
    assert has_address("127.0.0.1")
    assert not has_address("203.0.113.1")
    assert not has_address("no address")
    with pytest.raises(DeviceError, match=r"no address of the rank table.*203\.0\.113\.1, 203\.0\.113\.2"):
        read_rank_table(two_machines).node_rank()


@pytest.mark.parametrize(
    ("servers", "reason"),
    [
        ((("203.0.113.1", ((0, 0), (1, 2))),), "ranks are not 0, 1"),
        ((("203.0.113.1", ((0, 0), (1, 2))), ("203.0.113.2", ((0, 1), (1, 3)))), "ranks are not 0, 1"),
        ((("203.0.113.1", ((0, 0), (1, 1))), ("203.0.113.2", ((0, 2),))), "different numbers of devices"),
        ((), "ranks are not 0, 1"),
    ],
)
def test_what_msrun_could_not_follow_is_refused(tmp_path, servers, reason):
    with pytest.raises(DeviceError, match=reason):
        read_rank_table(table(tmp_path / "hccl.json", *servers))


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"server_list": 3}', '{"server_list": [{"server_id": "a"}]}', "null", "\ufeff{}"),
        '{"server_list": [{"server_id": "a", "device": [{"rank_id": "x", "device_id": "0"}]}]}',
    ],
)
def test_what_is_no_rank_table_is_refused(tmp_path, content):
    path = tmp_path / "hccl.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DeviceError, match=r"this is no rank table.*hccl\.json"):
        read_rank_table(path)
    with pytest.raises(DeviceError, match="can't read the rank table"):
        read_rank_table(tmp_path / "nowhere.json")


def test_the_launcher_gives_msrun_what_the_table_says(two_machines, tmp_path, monkeypatch):
    """A stand-in for msrun writes down how it was called."""
    seen, folder = tmp_path / "seen.txt", tmp_path / "bin"
    folder.mkdir()
    fake = folder / "msrun"
    fake.write_text(f'#!/bin/sh\necho "$@" > {seen}\necho "$ASCEND_RT_VISIBLE_DEVICES" >> {seen}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    command = [sys.executable, "-m", "mindreid.engine.platform.launcher", "--rank-table", two_machines]
    rest = ["--logs", tmp_path / "logs", "train.py"]
    assert subprocess.run([*command, "--node-rank", "1", *rest], check=False).returncode == 0
    called, devices = seen.read_text().splitlines()
    assert "--worker_num=4 --local_worker_num=2 --master_addr=203.0.113.1" in called
    assert "--node_rank=1" in called
    assert devices == "4,5"
    done = subprocess.run([*command, *rest], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: this machine has no address of the rank table")
