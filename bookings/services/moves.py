"""The one writer of a booking's state, and of the time that it takes of its mentor."""

import datetime as dt
from typing import Any

from bookings.models import Booking, CalendarEntry
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile


def move(booking: Booking, *, to: str, now: dt.datetime, **changes: Any) -> None:
    """Compare-and-swap from the state that `booking` shows; `Conflict` if that has passed.

    `booking` then shows what was written. Its calendar entry lives as long as it holds time;
    bringing one back into taken time is an `IntegrityError`.
    """
    changes |= {"status": to, "updated_at": now}
    rows = Booking.objects.filter(pk=booking.pk, status=booking.status)
    if not rows.update(**changes):
        raise Conflict
    for name, value in changes.items():
        setattr(booking, name, value)
    if to not in Booking.TOOK_PLACE:
        is_live = to in Booking.HOLDS_TIME
        CalendarEntry.objects.filter(booking=booking).exclude(is_live=is_live).update(
            is_live=is_live, updated_at=now
        )


def occupied(
    mentor: MentorProfile, starts_at: dt.datetime, ends_at: dt.datetime
) -> dict[str, dt.datetime]:
    """The stretch that a session takes of its mentor: buffers included."""
    return {
        "starts_at": starts_at - dt.timedelta(minutes=mentor.buffer_before_minutes),
        "ends_at": ends_at + dt.timedelta(minutes=mentor.buffer_after_minutes),
    }
