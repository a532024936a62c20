"""Eight web workers on the database of the running test, and many people who post at once."""

import datetime as dt
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Barrier, Thread
from urllib.parse import urlencode

from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from mentormatch import times
from scripts.ports import free_port
from tests.databases import server_environment
from tests.factories import UserFactory

WORKERS = 8
CSRF = "x" * 32
WAIT = 120


@contextmanager
def server(**environment: str) -> Iterator[int]:
    """The port of a gunicorn with eight workers on the database of this test."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "tests.bookings.race_app:application"]
    # "sync": a worker that is busy leaves the next request to another one.
    command += ["--workers", str(WORKERS), "--worker-class", "sync", "--timeout", str(WAIT)]
    command += ["--preload", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "warning", "--backlog", "256", "--graceful-timeout", "1"]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=server_environment(**environment)
        | {"DJANGO_SETTINGS_MODULE": "tests.server_settings", "LOG_LEVEL": "ERROR"},
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


class Person:
    """Someone with a session of their own."""

    def __init__(self, user=None):
        self.user = user or UserFactory()
        self.client = Client()
        self.client.force_login(self.user)

    def token(self) -> str:
        request = HttpRequest()
        request.session, request.user = self.client.session, self.user
        return JWTTokenStrategy().create_access_token(request)


@dataclass(frozen=True)
class Call:
    """A request that is ready to be sent."""

    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class Answer:
    status: int
    code: str = ""
    """That of a refusal."""


def by_api(person: Person, path: str, body=None, method: str = "POST") -> Call:
    """A call as a program sends it, with a token of a session of its own."""
    headers = {"Authorization": f"Bearer {person.token()}", "Content-Type": "application/json"}
    return Call(f"/api/v1/{path}", json.dumps(body or {}).encode(), headers, method)


def by_page(person: Person, path: str, body: dict[str, object]) -> Call:
    """The form as a browser sends it."""
    cookies = f"sessionid={person.client.cookies['sessionid'].value}; csrftoken={CSRF}"
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    return Call(path, urlencode(body | {"csrfmiddlewaretoken": CSRF}).encode(), headers)


def booking_by_api(person: Person, mentor, starts_at: dt.datetime, minutes: int = 60) -> Call:
    body = {
        "mentor_id": mentor.pk,
        "scheduled_at": times.format_instant(starts_at),
        "duration_minutes": minutes,
        "session_type": "one_on_one",
    }
    return by_api(person, "bookings", body)


def booking_by_page(person: Person, mentor, starts_at: dt.datetime) -> Call:
    body = {
        "starts_at": times.format_instant(starts_at),
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }
    return by_page(person, reverse("bookings:book", args=[mentor.slug]), body)


def seat_by_api(person: Person, group) -> Call:
    body = {
        "mentor_id": group.mentor_id,
        "scheduled_at": times.format_instant(group.starts_at),
        "duration_minutes": group.duration_minutes,
        "session_type": "group",
        "group_session_id": group.code,
    }
    return by_api(person, "bookings", body)


def seat_by_page(person: Person, group) -> Call:
    return by_page(person, reverse("bookings:group_book", args=[group.code]), {"notes": ""})


def send_at_once(port: int, calls: Iterable[Call]) -> list[Answer]:
    """Send them all from one starting shot; the answers in the order of the calls."""
    calls = list(calls)
    answers: dict[int, Answer] = {}
    start = Barrier(len(calls))

    def send(n: int, call: Call) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        start.wait()
        connection.request(call.method, call.path, call.body, call.headers)
        answers[n] = _read(connection.getresponse())
        connection.close()

    threads = [Thread(target=send, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[n] for n in range(len(calls))]


def _read(response: http.client.HTTPResponse) -> Answer:
    body = response.read()
    is_problem = response.headers.get_content_type() == "application/problem+json"
    return Answer(response.status, json.loads(body)["code"] if is_problem else "")
