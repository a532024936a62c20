"""Ports for servers that are stopped and started again."""

import secrets
import socket
from contextlib import suppress

# Below those that systems hand out to whoever asks for any (from 32768 on Linux): else a connection
# of somebody's could take a server's port while that is down.
FIRST, MANY = 20_000, 12_000


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    while True:
        port = FIRST + secrets.randbelow(MANY)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
