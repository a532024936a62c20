"""The one writer of a booking's state, and of the time that it takes of its mentor."""

import datetime as dt
from typing import Any

from django.db.models import F

from bookings.group_models import GroupSession
from bookings.models import Booking, CalendarEntry
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile


def move(booking: Booking, *, to: str, now: dt.datetime, **changes: Any) -> None:
    """Compare-and-swap from the state that `booking` shows; `Conflict` if that has passed.

    `booking` then shows what was written. Its calendar entry lives as long as it holds time;
    bringing one back into taken time, or into a group without a free seat, is an
    `IntegrityError`.
    """
    was = booking.status
    changes |= {"status": to, "updated_at": now}
    rows = Booking.objects.filter(pk=booking.pk, status=booking.status)
    if not rows.update(**changes):
        raise Conflict
    for name, value in changes.items():
        setattr(booking, name, value)
    if booking.group_session_id is not None:
        count_seats(booking.group_session_id, by=_seats(to) - _seats(was), now=now)
    elif to not in Booking.TOOK_PLACE:
        is_live = to in Booking.HOLDS_TIME
        CalendarEntry.objects.filter(booking=booking).exclude(is_live=is_live).update(
            is_live=is_live, updated_at=now
        )


def count_seats(group_id: int, *, by: int, now: dt.datetime) -> None:
    """Take seats, or give some back. `IntegrityError` for one more than there are.

    The database adds, whatever we have read: without any lock the last seat is sold once.
    """
    if by:
        GroupSession.objects.filter(pk=group_id).update(
            seats_taken=F("seats_taken") + by, updated_at=now
        )


def _seats(status: str) -> int:
    return 0 if status == Booking.Status.CANCELLED else 1


def occupied(
    mentor: MentorProfile, starts_at: dt.datetime, ends_at: dt.datetime
) -> dict[str, dt.datetime]:
    """The stretch that a session takes of its mentor: buffers included."""
    return {
        "starts_at": starts_at - dt.timedelta(minutes=mentor.buffer_before_minutes),
        "ends_at": ends_at + dt.timedelta(minutes=mentor.buffer_after_minutes),
    }
