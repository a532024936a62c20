"""Places at which a process of the product waits to be killed.

`site_settings` puts them into a server or a worker that a test starts, `FAULTS` names a folder.
`arm(folder, "mail sent")` makes the next process that comes by stop there for good; `caught`
gives its id. The kill is the test's, from outside, as the kernel's would be.
"""

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import AppConfig

# What is armed: module, function, and whether the process stops before it runs or after.
PLACES = {
    "booking written, not committed": ("bookings.services.booking", "tell", "after"),
    "booking committed": ("bookings.services", "book_slot", "after"),
    "checkout opened at Stripe": ("payments.services.checkout", "_remember", "before"),
    "paid at Stripe": ("payments.stripe_emulator.views", "_after_attempt", "before"),
    "payment settled": ("payments.services", "settle", "after"),
    "event stored": ("payments.services", "receive", "after"),
    "booking called off": ("payments.services", "call_off", "after"),
    "event mirrored": ("payments.handlers", "handle", "before"),
    "event handled": ("payments.services", "handle", "after"),
    "mail begun": ("mentormatch.notifications.delivery", "_send", "before"),
    "mail sent": ("mentormatch.notifications.delivery", "_note_sent", "before"),
    "refunded at Stripe": ("payments.stripe_service.StripeService", "create_refund", "after"),
    "transferred at Stripe": ("payments.stripe_service.StripeService", "create_transfer", "after"),
}
WAITS_FOR_SECONDS = 600


def arm(folder: Path, place: str) -> None:
    """Stop the next process that comes to this place."""
    assert place in PLACES
    (folder / place).touch()


def caught(folder: Path, place: str) -> int | None:
    """The id of the process that waits there."""
    files = list(folder.glob(f"{place}.[0-9]*"))
    return int(files[0].suffix[1:]) if files else None


class FaultsConfig(AppConfig):
    name = "tests.background.faults"

    def ready(self) -> None:
        folder = Path(os.environ["FAULTS"])
        for place, (where, name, when) in PLACES.items():
            owner = _owner(where)
            stop = _stop(folder, place)
            setattr(owner, name, _stopping(getattr(owner, name), stop, after=when == "after"))
        _hasten()


def _owner(where: str) -> Any:
    """A module, or a class of one."""
    module, _, name = where.rpartition(".")
    if name[:1].isupper():
        return getattr(importlib.import_module(module), name)
    return importlib.import_module(where)


def _stop(folder: Path, place: str) -> Callable[[], None]:
    def stop() -> None:
        try:
            (folder / place).rename(folder / f"{place}.{os.getpid()}")
        except FileNotFoundError:
            return
        time.sleep(WAITS_FOR_SECONDS)

    return stop


def _stopping(
    function: Callable[..., Any], stop: Callable[[], None], *, after: bool
) -> Callable[..., Any]:
    @wraps(function)
    def stopping(*args: Any, **kwargs: Any) -> Any:
        if not after:
            stop()
        result = function(*args, **kwargs)
        if after:
            stop()
        return result

    return stopping


def _hasten() -> None:
    """The same waits, shorter: who is killed is taken for dead after seconds, not half a minute."""
    import datetime as dt

    from mentormatch.background import models, queue, registry
    from mentormatch.notifications import delivery
    from payments.stripe_emulator import outbox

    second = dt.timedelta(seconds=1)
    queue.HEARTBEAT_EVERY, queue.DEAD_AFTER = second / 2, 3 * second
    models.BACK_OFF = (second / 5, second, 2 * second)
    delivery.UNDER_WAY = second
    outbox.CLAIM, outbox.BACK_OFF = 3, (1, 2, 5, *[10] * 10)
    for name, item in list(registry.PERIODICS.items()):
        if item.is_long:
            # The nightly reconciliation would mend, beside it, what a stopped process left undone.
            del registry.PERIODICS[name]
        else:
            registry.PERIODICS[name] = replace(item, every=min(item.every, second))
