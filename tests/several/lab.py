"""Several machines on one: hosts are network namespaces on a bridge, each with its own address.

Where the kernel allows no namespaces, each host is an address of loopback instead, and the story says so.
The whole lab lives in a network and a mount namespace of its own (`entered`), so nothing of this machine's
network changes, and everything goes with its last process. Root enters by right; anybody else within a
user namespace that keeps his or her own number, because PostgreSQL will not run as root.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks.local.processes import Process, spawn

NET = "10.77.0"


def can_enter() -> bool:
    """Tell whether the kernel gives us namespaces of our own."""
    return subprocess.run(entered(["mount", "-t", "tmpfs", "tmpfs", "/run"]), capture_output=True,
                          check=False).returncode == 0


def entered(command: Sequence[str]) -> list[str]:
    """Return a command that runs another inside a lab of its own."""
    rights = [] if os.geteuid() == 0 else ["--map-current-user", "--keep-caps"]
    return ["unshare", *rights, "--net", "--mount", "--", *command]


@dataclass(frozen=True)
class Host:
    """A machine: what runs there reaches the others by their addresses, and loopback is its own."""

    name: str
    address: str
    inside: tuple[str, ...] = ()

    def spawn(self, what: str, command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> Process:
        return spawn(what, [*self.inside, *command], log, env=env, cwd=cwd)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def build(names: Sequence[str]) -> dict[str, Host]:
    """Make the bridge and the hosts, addresses from .11 on. Only inside `entered`.

    The office's own computer, which looks and clicks, is at the bridge itself, .1.
    """
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "bridge", "type", "bridge")
    _ip("addr", "add", f"{NET}.1/24", "dev", "bridge")
    _ip("link", "set", "bridge", "up")
    hosts = {}
    for number, name in enumerate(names, 11):
        hosts[name] = Host(name, f"{NET}.{number}", ("nsenter", f"--net=/run/netns/{name}", "--"))
        _ip("netns", "add", name)
        _ip("link", "add", f"v-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", f"v-{name}", "master", "bridge", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "addr", "add", f"{hosts[name].address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
    return hosts


def on_loopback(names: Sequence[str]) -> dict[str, Host]:
    """Return hosts that are addresses of loopback alone."""
    return {name: Host(name, f"127.77.0.{number}") for number, name in enumerate(names, 11)}
