"""PostgreSQL is stopped, crashed and restarted under a site that has visitors."""

import datetime as dt
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from mentormatch import times
from mentormatch.background.readiness import NOT_ASKED, SILENT
from scripts import postgres
from scripts.ports import free_port
from tests.background.processes import Command, serving, wait_for
from tests.background.visitors import Answer, Visitor
from tests.budget import budget
from tests.factories import MentorFactory, UserFactory, in_two_days, open_every_day
from tests.pages import assert_clean

BINARIES = postgres.find_binaries()
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not settings.IS_POSTGRES or BINARIES is None or not sys.platform.startswith("linux"),
        reason="needs a PostgreSQL server of its own, and /proc",
    ),
]
MODES = ("immediate", "fast")
PEOPLE = 3
WAITS, BACK = "the worker waits for it", "The database answers again."
HALF_AN_HOUR = dt.timedelta(minutes=30)


@contextmanager
def server_of_our_own() -> Iterator[tuple[postgres.Server, str]]:
    """A copy of the test's database on a server that can be stopped, and its URL there."""
    assert BINARIES
    name = connection.settings_dict["NAME"]
    # What was answered has to outlive the crash.
    with postgres.cluster(BINARIES, synchronous_commit="on") as server:
        here = f"{os.environ['TEST_DATABASE_URL'].rpartition('/')[0]}/{name}"
        there = f"{server.url.rpartition('/')[0]}/{name}"
        with psycopg.connect(server.url, autocommit=True) as control:
            control.execute(f'CREATE DATABASE "{name}"')
        dump = subprocess.run([BINARIES / "pg_dump", here], check=True, capture_output=True).stdout
        load = [BINARIES / "psql", "--quiet", "--set=ON_ERROR_STOP=1", there]
        subprocess.run(load, input=dump, check=True, stdout=subprocess.DEVNULL)
        yield server, there


def book(visitor: Visitor, slug: str, *, starts_at: dt.datetime, session_type: str) -> Answer:
    """Send the form for half an hour."""
    form = {"starts_at": times.format_instant(starts_at), "session_type": session_type}
    return visitor.post(reverse("bookings:book", args=[slug]), duration_minutes=30, **form)


class Bookers:
    """People who book one slot after the other and look at pages, whatever they are told."""

    def __init__(self, visitors: list[Visitor], slug: str) -> None:
        self.answers: list[Answer] = []
        self.booked = 0
        self.ended = Event()
        self.slug = slug
        self.threads = [Thread(target=self._visit, args=[n, v]) for n, v in enumerate(visitors)]

    def __enter__(self) -> "Bookers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _visit(self, number: int, visitor: Visitor) -> None:
        slot = 2 + number  # the first hour is left to others
        while not self.ended.is_set():
            starts_at = in_two_days() + slot * HALF_AN_HOUR
            booked = book(visitor, self.slug, starts_at=starts_at, session_type="one_on_one")
            self.answers += [booked, visitor.get(reverse("bookings:list"))]
            if booked.status == 302:
                self.booked += 1
                code = re.findall(r"/bookings/(\w+)/", booked.path)[0]
                cancel = reverse("bookings:cancel", args=[code])
                self.answers.append(visitor.post(cancel, reason="Only trying."))
            slot += PEOPLE


@pytest.mark.stress
def test_a_restart_is_waited_out_in_words_and_heals_by_itself(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    rounds = budget(1, 10)
    mentor = MentorFactory()
    open_every_day(mentor, always=True)
    port = free_port()
    people = [UserFactory() for _ in range(PEOPLE)]
    visitors = [Visitor(port, person) for person in [*people, UserFactory()]]
    with (
        server_of_our_own() as (server, url),
        serving_without(server, tmp_path / "log", port, DATABASE_URL=url) as command,
    ):
        looker = visitors.pop()
        waits = [come_up(server, command, looker)]
        with Bookers(visitors, mentor.slug) as bookers:
            for mode in MODES[:rounds]:
                wait_for(lambda: bookers.booked > 0)
                server.stop(mode)
                wait_for(lambda: looker.get(reverse("bookings:list")).status == 503)
                check_outage(looker)
                server.start()
                waits.append(until_well(looker))
            for mode in MODES[::-1] * rounds:
                server.restart(mode)
                waits.append(until_well(looker))
        counted = Counter(answer.status for answer in bookers.answers)
        assert set(counted) <= {200, 302, 409, 503}, (counted, command.said())
        assert command.lives()
        assert "Traceback" not in command.said()
        assert (
            book(looker, mentor.slug, starts_at=in_two_days(), session_type="trial").status == 302
        )
        wait_for(lambda: mails(url, "sent") == 2)
        assert command.said().count(WAITS) == command.said().count(BACK) >= 1, command.said()
        with psycopg.connect(url) as direct:
            kept = direct.execute("SELECT count(*) FROM bookings_booking").fetchone()
    assert kept is not None
    assert kept[0] > bookers.booked > 0, "what was answered is kept"
    figure("PostgreSQL stopped, crashed or restarted under load", f"{len(waits)} times")
    figure(
        "… answers while it went on", ", ".join(f"{n} × {s}" for s, n in sorted(counted.items()))
    )
    figure("… until all was well again, at most", f"{max(waits):.1f} s")


def until_well(looker: Visitor) -> float:
    """Wait for it; gives the seconds."""
    began = time.monotonic()
    wait_for(lambda: looker.get(reverse("background:readyz")).status == 200)
    assert looker.get(reverse("bookings:list")).status == 200
    return time.monotonic() - began


@contextmanager
def serving_without(
    server: postgres.Server, output: Path, port: int, **environment: str
) -> Iterator[Command]:
    """The site on that server, which isn't there when it starts."""
    server.stop("fast")
    with serving(output, port, **environment) as command:
        yield command


def come_up(server: postgres.Server, command: Command, looker: Visitor) -> float:
    """The database comes up after the site, which waits for it; gives the seconds until well."""
    assert looker.get(reverse("bookings:list")).status == 503
    assert looker.get(reverse("background:healthz")).status == 200
    wait_for(lambda: WAITS in command.said())
    server.start()
    return until_well(looker)


def check_outage(looker: Visitor) -> None:
    """How it is told to people, programs and probes."""
    page = looker.get(reverse("bookings:list"))
    assert (page.status, page.headers["Retry-After"]) == (503, "5")
    assert "Back in a moment" in page.text
    assert_clean(page.text)
    problem = looker.get("/api/v1/mentors")
    assert (problem.status, problem.headers["Retry-After"]) == (503, "5")
    assert '"try_again"' in problem.text
    assert looker.get(reverse("background:healthz")).status == 200
    ready = looker.get(reverse("background:readyz"))
    assert ready.status == 503
    assert SILENT in ready.text
    assert NOT_ASKED in ready.text


def mails(url: str, status: str) -> int:
    with psycopg.connect(url) as direct:
        query = "SELECT count(*) FROM notifications_mail WHERE status = %s"
        row = direct.execute(query, [status]).fetchone()
    return row[0] if row else 0
