"""Everything that goes to Stripe and comes from it, held against its description in every test.

A Django app: the processes that run on `tests.settings` or `tests.watched_settings` watch
themselves from their start. What they find is raised in the test during which it happened (see
`tests/conftest.py`). Held are

- each request of ours, of dj-stripe and of a test. A test that sends something wrong on purpose
  is marked `asks_wrongly`; what the emulator accepts must be right even there;
- each answer, errors included, and each event with its object;
- the emulator's books after each write.
"""

import json
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

from tests.payments.stripe_emulator.description import Description, described

OURS = f"{Path(__file__).resolve().parent.parent}{os.sep}"
WRITES = ("POST", "DELETE")


class Broken(AssertionError):
    """Something that Stripe would not have understood, or would never say."""


class Watch:
    """What was found since it was last asked; threads share it, processes share its file."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.wrong_requests_are_meant = False
        self.file: Path | None = None
        self.on_held: Callable[..., None] | None = None

    @property
    def description(self) -> Description:
        return described(tolerant=not settings.STRIPE_EMULATED)

    def exchanged(
        self, method: str, path: str, encoded: str, status: int | None, text: str, **_: object
    ) -> None:
        """Hold one request and what came of it against the description."""
        wrongs = self.description.request_problems(method, path, encoded)
        if status == 200 or not self.wrong_requests_are_meant:
            self._note(f"{method} {path}?{encoded}", wrongs)
        if status is not None:
            problems = self.description.answer_problems(method, path, status, json.loads(text))
            self._note(f"{status} to {method} {path}", problems)
        if method.upper() in WRITES and settings.STRIPE_EMULATED:
            self._note(f"The books after {method} {path}", differences())
        if self.on_held:
            self.on_held(method, path, encoded, status, is_right=not wrongs)

    def emitted(self, event: dict[str, Any], **_: object) -> None:
        """Hold one event and the object in it against the description."""
        problems = self.description.object_problems(event)
        problems += self.description.object_problems(event["data"]["object"])
        self._note(f"The event {event['type']}", problems)

    def _note(self, what: str, problems: list[str]) -> None:
        if problems:
            text = "\n  ".join([what, *problems, "by way of", *_way()])
            self.found.append(text)
            if self.file:
                with self.file.open("a") as file:
                    file.write(text + "\n")

    def taken(self) -> list[str]:
        """What was found, once."""
        found, self.found = self.found, []
        file = problems_file()
        if file != self.file and file.exists():
            found.append(f"In a process of its own: {file.read_text()}")
            file.unlink()
        return found


def differences() -> list[str]:
    """What doesn't add up, read while nobody writes."""
    from django.db import transaction

    from payments.stripe_emulator import ledger
    from payments.stripe_emulator.models import Movement
    from payments.stripe_emulator.router import ALIAS

    with transaction.atomic(using=ALIAS):
        return ledger.differences() if Movement.objects.exists() else []


def _way() -> Iterator[str]:
    """The lines of ours that led here, the nearest last."""
    for frame in traceback.extract_stack():
        name = frame.filename.removeprefix(OURS)
        if name != frame.filename and not name.startswith((".venv", "tests/stripe_watch")):
            yield f"{name}:{frame.lineno}: {frame.line}"


def problems_file() -> Path:
    """Where a server that a test has started leaves what it found."""
    return Path(settings.VAR_DIR) / "stripe-problems"


WATCH = Watch()


class StripeWatch(AppConfig):
    """Begins to watch as soon as the emulator is there."""

    name = "tests.stripe_watch"
    label = "stripe_watch"

    def ready(self) -> None:
        from payments.stripe_emulator import signals

        signals.exchanged.connect(WATCH.exchanged, dispatch_uid="stripe_watch")
        signals.emitted.connect(WATCH.emitted, dispatch_uid="stripe_watch")
        if settings.SETTINGS_MODULE == "tests.watched_settings":
            WATCH.file = problems_file()
