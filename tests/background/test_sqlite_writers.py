"""Twenty processes write into one SQLite file at once, and some of them are killed at it."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from bookings import guards
from bookings.models import Booking
from tests.background import invariants
from tests.background.faults import arm, caught
from tests.background.processes import wait_for
from tests.budget import budget
from tests.databases import server_environment
from tests.factories import MentorFactory, UserFactory, open_every_day

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.IS_POSTGRES, reason="it is about SQLite's one writer at a time"),
]
WRITERS = 20
IN_A_TRANSACTION = "booking written, not committed"
# The others had it first, or this person's own bookings are too many already.
REFUSALS = {"slot_unavailable", "mentee_busy", "too_many_holds", "invalid_state"}


@contextmanager
def writers(folder: Path, rounds: int) -> Iterator["subprocess.Popen[bytes]"]:
    """All of them at work; none outlives the block."""
    mentor = MentorFactory(horizon_days=365)
    open_every_day(mentor, always=True)
    people = [str(UserFactory().pk) for _ in range(WRITERS)]
    environment = {"DJANGO_SETTINGS_MODULE": "tests.background.site_settings"}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.background.writers",
            folder,
            str(rounds),
            str(mentor.pk),
            *people,
        ],
        cwd=settings.BASE_DIR,
        env=server_environment(**environment, FAULTS=str(folder)),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def logs(folder: Path) -> list[Path]:
    return [file for file in folder.glob("[0-9]*") if file.name.isdigit()]


def kill_one(folder: Path) -> None:
    """The one that has written and not yet committed: it holds the whole database."""
    arm(folder, IN_A_TRANSACTION)
    wait_for(lambda: caught(folder, IN_A_TRANSACTION))
    pid = caught(folder, IN_A_TRANSACTION)
    os.kill(pid, signal.SIGKILL)
    (folder / f"{IN_A_TRANSACTION}.{pid}").unlink()


def kill_any(folder: Path) -> None:
    """Whatever it is doing."""
    pid = int(random.choice(logs(folder)).name)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.stress
def test_twenty_writers_some_of_them_killed_leave_a_sound_database(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    kills = budget(2, 8)
    with writers(tmp_path, rounds=budget(6, 300)) as process:
        wait_for(lambda: len(logs(tmp_path)) == WRITERS)
        for _ in range(kills // 2):
            kill_one(tmp_path)
            kill_any(tmp_path)
        assert process.wait(600) == 0
    lines = [
        line.split(" ", 1) for file in logs(tmp_path) for line in file.read_text().splitlines()
    ]
    told = Counter(said for _seconds, said in lines)
    assert set(told) <= REFUSALS | {"booked", "cancelled"}, told
    check_database()
    live = Booking.objects.filter(status__in=Booking.HOLDS_TIME)
    # Of who was killed between the commit and the next line nobody knows.
    assert told["booked"] <= Booking.objects.count() <= told["booked"] + kills
    assert live.count() >= told["booked"] - told["cancelled"] - kills
    figure("SQLite: processes writing at once, of them killed", f"{WRITERS}, {kills}")
    figure("… attempts, of them refused for the lock", f"{len(lines)}, 0")
    figure("… the longest wait", f"{max(float(seconds) for seconds, _said in lines):.1f} s")


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchall() == [("ok",)]
        cursor.execute("PRAGMA foreign_key_check")
        assert cursor.fetchall() == []
    assert not guards.check_guards()
    invariants.check_calendar()
