import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from mentormatch.background.management.commands.serve import Command as Serve
from mentormatch.background.supervisor import is_loopback
from scripts.ports import free_port
from tests.background.jobs import linger
from tests.background.processes import Command, manage, wait_for

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks for processes in /proc"
)
on_databases = pytest.mark.django_db(transaction=True)
UP = "MentorMatch is at "


@contextmanager
def served(tmp_path: Path) -> Iterator[Command]:
    """The site, up."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with manage("serve", output=tmp_path / "log", PORT=str(port), SITE_URL=address) as command:
        wait_for(lambda: UP in command.said() or command.process.poll() is not None)
        assert f"{UP}{address}/" in command.said()
        yield command


def fetch(command: Command, path: str) -> str:
    """What the server answers; an HTTPError for anything but success."""
    address = command.said().partition(UP)[2].split("/  ")[0]
    with build_opener(ProxyHandler({})).open(f"{address}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def megabytes(pids: list[int]) -> int:
    """What these processes take of the memory, each shared page counted in part."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    lines = [line for text in rollups for line in text.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) // 1024


@on_databases
def test_it_serves_in_500_mb_until_sigterm_and_ends_the_running_task(tmp_path: Path) -> None:
    with served(tmp_path) as command:
        assert fetch(command, "/healthz") == "ok\n"
        assert '"ready"' in fetch(command, "/readyz")
        assert "mentor3@example.com" in command.said()
        assert megabytes(list(command.family())) < 500
        linger.enqueue(path=str(tmp_path / "out"), seconds=1.5)
        wait_for((tmp_path / "out").exists)
        assert command.end(signal.SIGTERM) == 0
        assert command.family() == {}
    assert (tmp_path / "out").read_text().endswith("done\n")


@on_databases
def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as command:
        os.killpg(command.process.pid, signal.SIGINT)  # as the terminal does
        assert command.process.wait(30) == 0
        assert command.family() == {}


@on_databases
@pytest.mark.parametrize(("part", "name"), [("gunicorn", "web server"), ("django work", "worker")])
def test_when_one_dies_the_other_is_ended(tmp_path: Path, part: str, name: str) -> None:
    with served(tmp_path) as command:
        os.kill(command.one(part), signal.SIGKILL)
        assert command.process.wait(30) == 1
        assert command.family() == {}
        assert f"The {name} ended (SIGKILL): stopping." in command.said()


@on_databases
def test_killed_itself_it_takes_both_with_it(tmp_path: Path) -> None:
    with served(tmp_path) as command:
        assert command.end(signal.SIGKILL) == -signal.SIGKILL
        wait_for(lambda: command.family() == {}, 30)


def test_a_taken_port_is_one_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match=r"Can't listen on port \d+ of 127.0.0.1 .*PORT="):
            call_command("serve")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104  # to be refused
def test_the_demo_is_for_this_machine_only(settings: Settings, host: str) -> None:
    settings.HOST = host
    with pytest.raises(CommandError, match="MENTORMATCH_DEMO=public"):
        call_command("serve")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_a_loopback_is_for_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    ("mode", "one_click", "staff"), [("1", True, True), ("public", False, False)]
)
def test_it_says_who_can_log_in(
    settings: Settings, mode: str, one_click: bool, staff: bool
) -> None:
    settings.DEMO_MODE = mode
    out = StringIO()
    Serve(stdout=out)._say_where_it_is()
    assert "mentee@example.com" in out.getvalue()
    assert ("/demo/" in out.getvalue(), "staff@" in out.getvalue()) == (one_click, staff)
