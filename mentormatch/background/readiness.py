"""Whether this process can serve: named checks, of which other apps add theirs."""

import datetime as dt
import logging
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.utils.module_loading import import_string

from mentormatch.background import queue

logger = logging.getLogger(__name__)
SILENT = "It doesn't answer."
NOT_ASKED = "Not asked: the database doesn't answer."
LONGEST_STANDSTILL = dt.timedelta(minutes=2)

Check = Callable[[], str | None]
CHECKS: dict[str, Check] = {}


def register(name: str) -> Callable[[Check], Check]:
    """Add a check to `/readyz`: the function returns `None`, or a sentence about what is wrong."""

    def decorate(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return decorate


def run_checks() -> dict[str, str | None]:
    """Every check's name and what is wrong with it, if anything."""
    found: dict[str, str | None] = {}
    for name, check in CHECKS.items():
        # Each would wait for the database anew, and the probe gives up before the last of them.
        found[name] = NOT_ASKED if found.get("database") == SILENT else _answer(name, check)
    return found


def _answer(name: str, check: Check) -> str | None:
    try:
        return check()
    except (DatabaseError, InterfaceError, OSError):
        # The details are for the log: everyone may read the page.
        logger.exception("readiness: %s", name)
        return SILENT


@register("database")
def database() -> None:
    """A query is answered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@register("cache")
def shared_cache() -> str | None:
    """What is written can be read again."""
    try:
        cache.set("readyz", 1, timeout=60)
        return None if cache.get("readyz") else "It forgets."
    except _cache_errors():
        logger.exception("readiness: cache")
        return SILENT


def _cache_errors() -> tuple[type[Exception], ...]:
    """Redis has errors of its own; only who uses it pays for the import."""
    if "redis" not in settings.CACHES["default"]["BACKEND"]:
        return ()
    return (import_string("redis.exceptions.RedisError"),)


@register("tasks")
def waiting_tasks() -> str | None:
    """No task that is due waits while none is begun: a worker is there and gets on.

    One that works off what an outage left behind is well, however old that is.
    """
    stood = queue.standstill()
    if stood <= LONGEST_STANDSTILL:
        return None
    return f"A task is due, and none was begun for {int(stood.total_seconds())} s."
