"""What there is to do in the background: the two decorators, and what they were put on."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from django_tasks.base import Task

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableTask(Task[P, T]):
    """A task that is tried again, up to `attempts` times, when it raises or its worker dies."""

    attempts: int = 8


@dataclass(frozen=True)
class Periodic:
    """A function to run once in every stretch of `every`, by whichever worker comes first."""

    name: str
    function: Callable[[], object]
    every: dt.timedelta
    is_long: bool = False


PERIODICS: dict[str, Periodic] = {}


def durable(*, attempts: int = 8) -> Callable[[Callable[P, T]], DurableTask[P, T]]:
    """Make a function of `<app>/tasks.py` a task for the worker: `send_mail.enqueue(mail_id=7)`.

    Enqueued inside a transaction, it is there if and only if that commits. Its arguments must be
    JSON. It may run more than once, so it must be safe to repeat.
    """

    def decorate(function: Callable[P, T]) -> DurableTask[P, T]:
        return DurableTask(func=function, attempts=attempts)

    return decorate


def periodic(
    *, every: dt.timedelta, is_long: bool = False
) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Run a function of `<app>/tasks.py` once in every period of at least a second.

    However many workers there are. A run that fails is logged; the next period tries again.
    Tasks wait for it, but not for a long one: that runs beside them, and ends with its worker
    wherever it is, so that it must be safe to cut off.
    """
    if every < dt.timedelta(seconds=1):
        raise ValueError("A period is at least one second.")

    def decorate(function: Callable[[], T]) -> Callable[[], T]:
        name = f"{function.__module__}.{function.__qualname__}"
        PERIODICS[name] = Periodic(name, function, every, is_long)
        return function

    return decorate
