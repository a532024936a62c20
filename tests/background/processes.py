"""Real processes of the product, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from tests.databases import server_environment

PATIENCE = 180.0


def wait_for(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return as soon as `what()` is true; an AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "It didn't come about in time."
        time.sleep(0.05)


class Command:
    """A running `manage.py …`; every process that comes of it carries a mark of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str], output: Path) -> None:
        self.mark = f"MENTORMATCH_TEST_MARK={uuid.uuid4()}"
        self.output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, settings.BASE_DIR / "manage.py", *arguments],
                cwd=settings.BASE_DIR,
                env=server_environment(**environment) | dict([self.mark.split("=")]),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    def lives(self) -> bool:
        return self.process.poll() is None

    def family(self) -> dict[int, str]:
        """The processes of the mark that live, by id, with their command lines (Linux)."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self.mark.encode() in (folder / "environ").read_bytes():
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(folder.name)] = line
        return found

    def one(self, part: str) -> int:
        """The oldest process of the mark with this in its command line."""
        return min(pid for pid, line in self.family().items() if part in line)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; gives its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def manage(*arguments: str, output: Path, **environment: str) -> Iterator[Command]:
    """`manage.py …` on the test's databases; nothing of it outlives the block."""
    command = Command(list(arguments), environment, output)
    try:
        yield command
    finally:
        for pid in command.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        command.process.wait()


@contextmanager
def serving(output: Path, port: int, **environment: str) -> Iterator[Command]:
    """The site, up on that port; nothing is collected for it."""
    settings_for_it = {"DJANGO_SETTINGS_MODULE": "tests.server_settings"}
    settings_for_it |= {"PORT": str(port), "SITE_URL": f"http://127.0.0.1:{port}"}
    with manage("serve", output=output, **(settings_for_it | environment)) as command:
        wait_for(lambda: "MentorMatch is at " in command.said() or not command.lives())
        assert command.lives(), command.said()
        yield command
