"""The site as the race test serves it; `RACE_UNLOCKED` takes the lock and its re-check away.

For `gunicorn tests.bookings.race_app:application`. What is off is off in this process alone: the
product has no switch for it.
"""

import os
import time
from typing import Any

from mentormatch.wsgi import application

__all__ = ["application"]
# Long enough for eight workers on a busy machine to have looked before the first one takes.
PAUSE = 2.0


def unlock() -> None:
    """Look whether a slot is free, wait a moment, then take it without looking again."""
    from bookings import policy, services
    from bookings.services import booking

    look, take = booking._check, booking.book_slot

    def book_slot(*, notes: str = "", **wanted: Any) -> Any:
        look_and_leave(**wanted)
        time.sleep(PAUSE)
        return take(notes=notes, **wanted)

    def look_and_leave(*, mentor: Any, mentee: Any, **wanted: Any) -> None:
        from mentormatch import times

        look(mentor, **wanted, viewer=mentee, now=times.now())

    def price_only(mentor: Any, **wanted: Any) -> policy.Price:
        return policy.price_of(mentor, wanted["session_type"], wanted["duration_minutes"])

    booking._check = price_only
    booking.lock_pair = lambda *, mentor, mentee: mentor
    services.book_slot = book_slot


if os.environ.get("RACE_UNLOCKED"):
    unlock()
