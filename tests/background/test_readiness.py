import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from mentormatch.background import queue, readiness
from mentormatch.background.middleware import PROBES
from tests.background.jobs import write
from tests.conftest import NOW, Freeze
from tests.factories import UserFactory


def test_healthz_asks_nobody(
    client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get(reverse("background:healthz"))
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_probe_has_no_session(
    login: Callable[..., Client], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = login(UserFactory())
    with django_assert_num_queries(0):
        assert client.get(reverse("background:healthz")).status_code == 200
    assert {reverse("background:healthz"), reverse("background:readyz")} == PROBES


@pytest.mark.django_db
def test_a_probe_needs_no_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(reverse("home")).status_code == 301
    assert client.get(reverse("background:healthz")).status_code == 200
    assert client.get(reverse("background:readyz")).status_code == 200


@pytest.mark.django_db
def test_readyz_names_every_check(client: Client) -> None:
    answer = client.get(reverse("background:readyz"))
    assert answer.status_code == 200
    assert {"database", "cache", "tasks"} <= set(answer.json()["checks"])
    assert client.post(reverse("background:readyz")).status_code == 405


@pytest.mark.django_db
def test_a_queue_that_stands_still_is_503(client: Client, freeze: Freeze, tmp_path: Path) -> None:
    clock = freeze(NOW)
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    clock.shift(readiness.LONGEST_STANDSTILL + dt.timedelta(seconds=1))
    answer = client.get(reverse("background:readyz"))
    assert answer.status_code == 503
    assert answer.json()["checks"]["tasks"] == {
        "ok": False,
        "detail": "A task is due, and none was begun for 121 s.",
    }


@pytest.mark.django_db
def test_a_backlog_that_is_worked_off_is_ready(
    client: Client, freeze: Freeze, tmp_path: Path
) -> None:
    """As after an outage: what waits is old, and the worker is at it."""
    clock = freeze(NOW)
    for _ in range(3):
        write.enqueue(path=str(tmp_path / "out"), text="hello")
    clock.shift(2 * readiness.LONGEST_STANDSTILL)
    assert queue.take("me")
    assert client.get(reverse("background:readyz")).status_code == 200
    clock.shift(readiness.LONGEST_STANDSTILL + dt.timedelta(seconds=1))
    assert client.get(reverse("background:readyz")).status_code == 503


@pytest.mark.django_db
def test_a_cache_that_forgets_is_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", lambda *args: None)
    assert client.get(reverse("background:readyz")).json()["checks"]["cache"]["ok"] is False


@pytest.mark.django_db
def test_a_registered_check_speaks_and_hides_its_errors(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> str | None:
        raise OperationalError("password=secret")

    monkeypatch.setattr(readiness, "CHECKS", {})
    readiness.register("guard")(lambda: "The guard is gone.")
    readiness.register("store")(away)
    answer = client.get(reverse("background:readyz"))
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["guard"]["detail"] == "The guard is gone."
    assert answer.json()["checks"]["store"]["detail"] == readiness.SILENT


@pytest.mark.django_db
def test_who_does_not_answer_is_asked_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check would wait for the database anew."""
    asked: list[str] = []

    def away() -> str | None:
        asked.append("database")
        raise OperationalError("away")

    monkeypatch.setitem(readiness.CHECKS, "database", away)
    monkeypatch.setitem(readiness.CHECKS, "guard", lambda: asked.append("guard"))
    checks = client.get(reverse("background:readyz")).json()["checks"]
    assert asked == ["database"]
    assert checks.pop("database")["detail"] == readiness.SILENT
    assert {check["detail"] for check in checks.values()} == {readiness.NOT_ASKED}
