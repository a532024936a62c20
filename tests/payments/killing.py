"""A process that is killed between two of its steps, played in the test's own thread.

What it had committed stays and all else is gone, as after `kill -9`: nothing of ours may catch
`Killed`, and a task that it interrupts stays as it was, running, until it is given back.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import stripe
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.transaction import Atomic

from mentormatch.background.models import QueuedTask

ID = re.compile(r"/(acct|ch|cs|du|in|pi|re|sub|tr)_\w+")


class Killed(BaseException):
    """The process is gone."""


class Steps:
    """The steps that were begun, by name; raises `Killed` at the one to be killed at."""

    def __init__(self, kill_at: int | str | None) -> None:
        self.kill_at = kill_at
        self.taken: list[str] = []
        self.was_killed = False

    def take(self, name: str) -> None:
        number = len(self.taken)
        self.taken.append(name)
        if self.kill_at in (number, name) and not self.was_killed:
            self.was_killed = True
            raise Killed(name)


@contextmanager
def killed_at(step: int | str | None) -> Iterator[Steps]:
    """Be killed at the step of that number, or at the first of that name; `None` only counts.

    `call POST /v1/refunds` is before a request leaves, `answered POST /v1/refunds` before we know
    of its answer; `commit` and `committed` are around the end of a transaction of ours, and `done`
    is before a task is marked as such. `Killed` ends here: ask `was_killed`.
    """
    steps = Steps(step)
    with ExitStack() as stack:
        for owner, name, wrap in (
            (type(stripe.default_http_client), "request", _calls),
            (Atomic, "__exit__", _commits),
            (QueuedTask, "set_successful", _done),
            (QueuedTask, "set_failed", _failed),
        ):
            stack.enter_context(patch.object(owner, name, wrap(getattr(owner, name), steps)))
        try:
            yield steps
        except Killed:
            if not steps.was_killed:
                raise


Method = Callable[..., Any]


def _calls(request: Method, steps: Steps) -> Method:
    def wrapped(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        what = f"{method.upper()} {ID.sub('/…', urlsplit(url).path)}"
        steps.take(f"call {what}")
        answer = request(self, method, url, *args, **kwargs)
        steps.take(f"answered {what}")
        return answer

    return wrapped


def _commits(leave: Method, steps: Steps) -> Method:
    def wrapped(self: Atomic, kind: Any, value: Any, traceback: Any) -> Any:
        if kind is not None or self.using not in (None, DEFAULT_DB_ALIAS) or not _is_outermost():
            return leave(self, kind, value, traceback)
        # A block without a savepoint can't be rolled back within a test case's own transaction.
        if self.savepoint or len(connection.atomic_blocks) == 1:
            try:
                steps.take("commit")
            except Killed as killed:
                leave(self, Killed, killed, killed.__traceback__)
                raise
        leave(self, None, None, None)
        steps.take("committed")
        return None

    return wrapped


def _is_outermost() -> bool:
    """Of our own blocks: those of a test case are none."""
    ours = [block for block in connection.atomic_blocks if not block._from_testcase]
    return len(ours) == 1 and connection.atomic_blocks[-1] is ours[0]


def _done(mark: Method, steps: Steps) -> Method:
    def wrapped(self: QueuedTask, value: Any) -> None:
        steps.take("done")
        mark(self, value)

    return wrapped


def _failed(mark: Method, steps: Steps) -> Method:
    def wrapped(self: QueuedTask, error: BaseException) -> None:
        if isinstance(error, Killed):
            raise error  # nobody is left to write it down
        mark(self, error)

    return wrapped
