"""Two processes that live and die together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE_SECONDS = 15
LOOK_EVERY = 0.1


class Supervisor:
    """Starts processes in sessions of their own, and ends all of them with the first or with us.

    `run` returns the exit code: 0 when told to end by a signal, 1 when a process ended by itself.
    """

    def __init__(
        self, commands: Mapping[str, list[str]], *, environment: Mapping[str, str]
    ) -> None:
        self.commands = commands
        self.environment = environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.told_to_end = False

    def run(self, *, is_up: Callable[[], bool], say_up: Callable[[], None]) -> int:
        """Start all, call `say_up` as soon as `is_up`, and see to them until they have ended."""
        with self._signals():
            try:
                self._start()
                self._watch(until=is_up)
                if self._well():
                    say_up()
                self._watch(until=lambda: False)
                return self._verdict()
            finally:
                self._end()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._note) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.told_to_end = True

    def _start(self) -> None:
        for name, command in self.commands.items():
            # Of its own session: a Ctrl-C in the terminal reaches us alone, who pass on one signal.
            self.processes[name] = subprocess.Popen(  # noqa: S603  # commands of ours
                command,
                env=self.environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )

    def _well(self) -> bool:
        alive = all(process.poll() is None for process in self.processes.values())
        return alive and not self.told_to_end

    def _watch(self, *, until: Callable[[], bool]) -> None:
        while self._well() and not until():
            time.sleep(LOOK_EVERY)

    def _verdict(self) -> int:
        for name, process in self.processes.items():
            if process.returncode is not None and not self.told_to_end:
                sys.stderr.write(f"The {name} ended ({_how(process.returncode)}): stopping.\n")
                return 1
        return 0

    def _end(self) -> None:
        """One SIGTERM each, time to finish, and then nothing of their sessions is left."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address of that name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refusal_of(host: str, port: int) -> str | None:
    """Why we can't listen there, in a sentence; `None` if we can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        return f"Port {port} needs more rights: choose one above 1023 (PORT=8000)."
    except socket.gaierror:
        return f"HOST={host} is no address of this machine."
    except OSError as error:
        return (
            f"Can't listen on port {port} of {host} ({error.strerror}): "
            "stop what uses it, or choose another (PORT=8001)."
        )
    return None


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
