"""The demo's clock: moved ahead for everyone, so that days pass in minutes."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.background import periodics
from mentormatch.errors import Conflict

BEFORE_THE_SESSION = dt.timedelta(minutes=5)
FARTHEST = dt.timedelta(days=3650)


class Move(models.TextChoices):
    SESSION = "session", _("To the session")
    HOUR = "hour", _("+1 h")
    TWO_DAYS = "48h", _("+48 h")
    MONTH = "month", _("+1 month")
    BACK = "back", _("Back to real time")


AHEAD = {
    Move.HOUR: dt.timedelta(hours=1),
    Move.TWO_DAYS: dt.timedelta(hours=48),
    Move.MONTH: dt.timedelta(days=31),
}


def next_session(user: User, now: dt.datetime) -> Booking | None:
    """That person's confirmed booking which begins next, not counting one about to."""
    coming = Booking.objects.for_user(user).filter(
        status=Booking.Status.CONFIRMED, starts_at__gt=now + BEFORE_THE_SESSION
    )
    return coming.with_people().order_by("starts_at").first()


def move(*, to: Move, user: User | None) -> None:
    """Move the clock, and have the worker look at once at what that makes due.

    `Conflict` as `no_session` without a session to go to, as `too_far` after ten years.
    """
    offset = _offset(to, user)
    if offset > FARTHEST:
        raise Conflict(_("That is far enough. Go back to real time first."), code="too_far")
    times.set_clock_offset(offset)
    periodics.run_soon()


def _offset(to: Move, user: User | None) -> dt.timedelta:
    if to == Move.BACK:
        return dt.timedelta()
    if to in AHEAD:
        return times.clock_offset() + AHEAD[to]
    booking = next_session(user, times.now()) if user else None
    if booking is None:
        raise Conflict(
            _("You have no confirmed session to go to. Log in, or book one."), code="no_session"
        )
    return booking.starts_at - BEFORE_THE_SESSION - times.real_now()
