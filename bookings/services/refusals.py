"""Refusals in words: what a guard or the calendar said, with what is still free."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict, Unpack

from django.db import IntegrityError
from django.utils.translation import gettext as _

from bookings import calendar
from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile

# What the two engines name when the guard or the index of that rule refuses.
GUARDS = {
    "bookings_mentor_busy": "slot_unavailable",
    "bookings_mentee_busy": "mentee_busy",
    "bookings_group_seats_sold_once": "sold_out",
    "bookings_booking_one_trial_a_pair": "trial_used",
    "bookings_booking.mentor_id, bookings_booking.mentee_id": "trial_used",
}


def slot_unavailable() -> Conflict:
    return Conflict(_("That time was just taken. Choose another one."), code="slot_unavailable")


def mentee_busy() -> Conflict:
    return Conflict(
        _("There is already a booking at that time: one person can't be in two sessions."),
        code="mentee_busy",
    )


def trial_used() -> Conflict:
    return Conflict(
        _("You already had your trial with this mentor. Book a regular session instead."),
        code="trial_used",
    )


def sold_out() -> Conflict:
    return Conflict(
        _("The last seat was just taken. If somebody gives one back, it is offered here again."),
        code="sold_out",
    )


REFUSALS = {
    "sold_out": sold_out,
    "slot_unavailable": slot_unavailable,
    "mentee_busy": mentee_busy,
    "trial_used": trial_used,
}


def refusal_of(error: IntegrityError) -> Conflict:
    """The refusal behind a guard's `IntegrityError`; any other is raised again."""
    for guard, code in GUARDS.items():
        if guard in str(error):
            return REFUSALS[code]()
    raise error


@contextmanager
def guards_in_words() -> Iterator[None]:
    """Says what the guards refuse. Put it around the transaction: a guard has ended that."""
    try:
        yield
    except IntegrityError as error:
        raise refusal_of(error) from error


class Wanted(TypedDict):
    """A slot that someone asks for, as `calendar` takes it: the mentee is the one who looks."""

    starts_at: dt.datetime
    duration_minutes: int
    session_type: str
    now: dt.datetime
    viewer: User


def wanted_slot(
    mentee: User, starts_at: dt.datetime, minutes: int, session_type: str, now: dt.datetime
) -> Wanted:
    return {
        "starts_at": starts_at,
        "duration_minutes": minutes,
        "session_type": session_type,
        "now": now,
        "viewer": mentee,
    }


@contextmanager
def with_nearest(
    mentor: MentorProfile, *, ignoring: Booking | None = None, **wanted: Unpack[Wanted]
) -> Iterator[None]:
    """Adds the nearest free slots to a refusal of a time, read after the transaction."""
    try:
        yield
    except Conflict as error:
        if error.code in {"slot_unavailable", "mentee_busy"}:
            slots = calendar.nearest(
                mentor,
                around=wanted["starts_at"],
                duration_minutes=wanted["duration_minutes"],
                session_type=wanted["session_type"],
                now=wanted["now"],
                viewer=wanted["viewer"],
                ignoring=ignoring,
            )
            error.extra["nearest"] = [
                {
                    "starts_at": times.format_instant(slot.starts_at),
                    "ends_at": times.format_instant(slot.ends_at),
                }
                for slot in slots
            ]
        raise


def check_people_are_free(
    *,
    mentor: MentorProfile,
    mentee: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    ignoring: Booking | None = None,
) -> None:
    """Nobody is mentee in one session and mentor in another at the same time.

    Both must be locked (`locking`). `Conflict` as `mentee_busy` or `slot_unavailable`.
    """
    overlapping = Booking.objects.filter(
        status__in=Booking.HOLDS_TIME, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if ignoring:
        overlapping = overlapping.exclude(pk=ignoring.pk)
    if overlapping.for_user(mentee).exists():
        raise mentee_busy()
    # A group session takes its mentor's time before anyone has a seat in it.
    led = GroupSession.objects.still_on().filter(mentor__user=mentee)
    if led.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise mentee_busy()
    if overlapping.filter(mentee_id=mentor.user_id).exists():
        raise slot_unavailable()
