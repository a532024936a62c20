"""Fifty mentees, one slot, eight web workers: it is sold once.

And the proof that this could fail: without the lock the guard alone still sells it once, without
the guard the lock does; without both it is sold more than once.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Barrier, Thread
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from bookings import guards
from bookings.models import Booking, CalendarEntry
from mentormatch import times
from tests.databases import server_environment
from tests.factories import MentorFactory, UserFactory, in_two_days, open_every_day

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MENTEES, WORKERS = 50, 8
CSRF = "x" * 32
WAIT = 60


@contextmanager
def server(**environment: str) -> Iterator[int]:
    """The port of a gunicorn with eight workers on the database of this test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "tests.bookings.race_app:application"]
    command += ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", "1"]
    command += ["--preload", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "warning", "--backlog", "256", "--graceful-timeout", "1"]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=server_environment(**environment)
        | {"DJANGO_SETTINGS_MODULE": "tests.bookings.race_settings", "LOG_LEVEL": "ERROR"},
        start_new_session=True,
    )
    try:
        _await(port, process)
        yield port
    finally:
        _end(process)


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        assert process.poll() is None, "gunicorn ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("gunicorn doesn't answer")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Its workers too: none may hold the database that is dropped next."""
    process.send_signal(signal.SIGQUIT)  # at once, not gracefully
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def port_of(django_db_setup: None) -> Iterator[Callable[..., int]]:
    """`port_of(RACE_UNLOCKED="1")`: a server with that environment, started once."""
    ports: dict[str, int] = {}
    with ExitStack() as servers:

        def port_of(**environment: str) -> int:
            key = str(environment)
            if key not in ports:
                ports[key] = servers.enter_context(server(**environment))
            return ports[key]

        yield port_of


@pytest.fixture
def mentor():
    mentor = MentorFactory()
    open_every_day(mentor, always=True)
    return mentor


def over_the_api(mentor, client: Client, mentee) -> tuple[str, bytes, dict[str, str]]:
    """A POST as a program sends it, with a token of a session of its own."""
    request = HttpRequest()
    request.session, request.user = client.session, mentee
    token = JWTTokenStrategy().create_access_token(request)
    body = {
        "mentor_id": mentor.pk,
        "scheduled_at": times.format_instant(in_two_days()),
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return "/api/v1/bookings", json.dumps(body).encode(), headers


def over_the_page(mentor, client: Client, mentee) -> tuple[str, bytes, dict[str, str]]:
    """The form as a browser sends it."""
    body = {
        "starts_at": times.format_instant(in_two_days()),
        "duration_minutes": 60,
        "session_type": "one_on_one",
        "csrfmiddlewaretoken": CSRF,
    }
    cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={CSRF}"
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    return reverse("bookings:book", args=[mentor.slug]), urlencode(body).encode(), headers


def race(port: int, mentor, door: Callable[..., tuple[str, bytes, dict[str, str]]]) -> list[int]:
    """Fifty people send the same at once; the statuses of the answers."""
    posts = []
    for _ in range(MENTEES):
        client, mentee = Client(), UserFactory()
        client.force_login(mentee)
        posts.append(door(mentor, client, mentee))
    statuses: list[int] = []
    start = Barrier(MENTEES)

    def send(path: str, body: bytes, headers: dict[str, str]) -> None:
        http_client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        start.wait()
        http_client.request("POST", path, body, headers)
        statuses.append(http_client.getresponse().status)
        http_client.close()

    threads = [Thread(target=send, args=post) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    return statuses


def sold() -> SimpleNamespace:
    live = CalendarEntry.objects.filter(is_live=True)
    return SimpleNamespace(bookings=Booking.objects.count(), entries=live.count())


@contextmanager
def no_guard() -> Iterator[None]:
    """The mentor's guard taken off the database, and put back without what it would refuse."""
    guard = next(g for m, g in guards.declared() if m is CalendarEntry)
    if connection.vendor == "postgresql":
        with connection.schema_editor() as editor:
            editor.remove_constraint(CalendarEntry, guard)
    else:
        with connection.cursor() as cursor:
            for event in ("insert", "update"):
                cursor.execute(f'DROP TRIGGER "{guard.name}_{event}"')
    assert guards.check_guards()
    try:
        yield
    finally:
        Booking.objects.all().delete()
        if connection.vendor == "postgresql":
            with connection.schema_editor() as editor:
                editor.add_constraint(CalendarEntry, guard)
        else:
            guards.make_triggers(None, using="default")
        assert not guards.check_guards()


@pytest.mark.parametrize(("door", "won"), [(over_the_api, 201), (over_the_page, 302)])
def test_one_slot_is_sold_once(mentor, port_of, door, won):
    statuses = race(port_of(), mentor, door)
    assert Counter(statuses) == {won: 1, 409: MENTEES - 1}
    assert sold() == SimpleNamespace(bookings=1, entries=1)


def test_the_lock_alone_sells_it_once(mentor, port_of):
    with no_guard():
        statuses = race(port_of(), mentor, over_the_api)
        assert Counter(statuses) == {201: 1, 409: MENTEES - 1}
        assert sold() == SimpleNamespace(bookings=1, entries=1)


def test_the_guard_alone_sells_it_once(mentor, port_of):
    statuses = race(port_of(RACE_UNLOCKED="1"), mentor, over_the_api)
    assert Counter(statuses) == {201: 1, 409: MENTEES - 1}
    assert sold() == SimpleNamespace(bookings=1, entries=1)


def test_without_guard_and_lock_it_is_sold_again_and_again(mentor, port_of):
    with no_guard():
        statuses = race(port_of(RACE_UNLOCKED="1"), mentor, over_the_api)
        assert len(statuses) == MENTEES
        assert Counter(statuses)[201] > 1
        assert sold().bookings > 1
