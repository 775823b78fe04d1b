"""HCCL's rank table: the machines and devices of a job, as hccl_tools and ModelArts write it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from mindreid.errors import DeviceError


@dataclass(frozen=True)
class Server:
    """A machine of a job.

    Attributes
    ----------
    address : str
        Its ``server_id``, an IP address.
    devices : tuple of int
        Its devices, in the order of their ranks.
    """

    address: str
    devices: tuple[int, ...]


@dataclass(frozen=True)
class RankTable:
    """The machines of a job in the order of their ranks, all with the same number of devices."""

    servers: tuple[Server, ...]

    @property
    def worker_num(self) -> int:
        """Workers on all machines together, one a device."""
        return sum(len(server.devices) for server in self.servers)

    def node_rank(self, is_here: Optional[Callable[[str], bool]] = None) -> int:
        """Return which of the servers this machine is, by its addresses.

        Raises
        ------
        DeviceError
            If it is none of them.
        """
        is_here = is_here or has_address
        for rank, server in enumerate(self.servers):
            if is_here(server.address):
                return rank
        raise DeviceError(
            "this machine has no address of the rank table",
            where=", ".join(server.address for server in self.servers),
            fix="pass --node-rank N",
        )


def read_rank_table(path: Path) -> RankTable:
    """Read a rank table of version 1.0.

    Raises
    ------
    DeviceError
        If it is no such table, its ranks have gaps, or machines have different numbers of devices.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        servers = [_server(entry) for entry in content["server_list"]]
    except OSError as error:
        raise DeviceError(f"can't read the rank table ({error.strerror})", where=str(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged("this is no rank table with server_list, server_id, device, rank_id", path) from None
    servers.sort(key=lambda server: server[1])
    ranks = [rank for _, own in servers for rank in own]
    if not ranks or ranks != list(range(len(ranks))):
        raise _damaged("the ranks are not 0, 1, … machine after machine", path)
    if len({len(own) for _, own in servers}) > 1:
        raise _damaged("the machines have different numbers of devices", path)
    return RankTable(tuple(server for server, _ in servers))


def has_address(address: str) -> bool:
    """Tell whether an IP address is one of this machine's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Nothing is sent: of one's own address alone, the way there begins at itself.
            probe.connect((address, 9))
            return str(probe.getsockname()[0]) == address
    except OSError:
        return False


def _server(entry: dict[str, Any]) -> tuple[Server, list[int]]:
    pairs = sorted((int(device["rank_id"]), int(device["device_id"])) for device in entry["device"])
    return Server(str(entry["server_id"]), tuple(device for _, device in pairs)), [rank for rank, _ in pairs]


def _damaged(what: str, path: Path) -> DeviceError:
    return DeviceError(what, where=str(path), fix="make it with hccl_tools.py, for all devices of the job")
