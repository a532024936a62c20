"""A web server as `serve` starts it, and the CPU time that it and the database have used."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mentormatch.background.supervisor import answers

ROOT = Path(__file__).resolve().parent.parent.parent
PROC = Path("/proc")
WORKERS = 2
STARTED_WITHIN_SECONDS = 60


@contextmanager
def web_server(port: int, application: str) -> Iterator[int]:
    """gunicorn with our configuration and two workers; gives the number of its main process."""
    command = [
        *(sys.executable, "-m", "gunicorn", "-c", "python:mentormatch.background.gunicorn_config"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), application),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, cwd=ROOT)  # noqa: S603  # a command of ours
    try:
        _wait_for(process, port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while not answers("127.0.0.1", port) or len(list(children(process.pid))) < WORKERS:
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("The web server didn't start.")
        time.sleep(0.1)


def children(pid: int) -> Iterator[int]:
    """The processes that this one started."""
    for task in (PROC / str(pid) / "task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def parent(pid: int) -> int:
    status = (PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("PPid:"))


def clients_of(postmaster: int) -> Iterator[int]:
    """PostgreSQL's processes that work for a connection, and not for the whole server."""
    for pid in children(postmaster):
        if b"127.0.0.1" in (PROC / str(pid) / "cmdline").read_bytes():
            yield pid


def cpu_seconds(pids: Iterable[int]) -> float:
    """What these processes have used until now, in all of their threads."""
    tasks = (task for pid in pids for task in (PROC / str(pid) / "task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
