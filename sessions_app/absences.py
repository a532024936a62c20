"""Reporting that the other side didn't come: only what the room's log bears out, and in time."""

import datetime as dt

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.absence_models import Absence
from bookings.models import Booking
from bookings.services.absences import REPORTABLE
from bookings.services.locking import exclusive, lock_booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, DomainError, NotFound
from payments.services import check_not_passed_on
from sessions_app.models import OPENS_BEFORE, Presence, Session

ABSENT_AFTER = dt.timedelta(minutes=15)
Side = Booking.Side


def report_absence(
    *, booking: Booking, by: User, note: str = "", now: dt.datetime | None = None
) -> Absence:
    """One side says that the other wasn't there; the mentor's money waits until staff decide.

    `NotFound` for strangers; `Conflict` as `too_early` in the first 15 minutes, as `too_late`
    once the mentor's part has left, and where the log says that they came, or that the one who
    reports didn't.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        absent_side = _check(booking, by, now)
        check_not_passed_on(booking=booking)
        return bookings.report_absence(booking=booking, absent_side=absent_side, note=note, now=now)


def check_may_report(*, booking: Booking, by: User, now: dt.datetime | None = None) -> None:
    """Raise what the log and the time say against a report, before anyone has typed a word."""
    _check(booking, by, now or times.now())


def may_report(booking: Booking, user: User, now: dt.datetime) -> bool:
    """Whether a page offers that person to report the other side's absence."""
    try:
        _check(booking, user, now)
    except DomainError:
        return False
    return not Absence.objects.filter(booking=booking).exists()


def _check(booking: Booking, by: User, now: dt.datetime) -> str:
    """Gives the side that wasn't there."""
    side = booking.side_of(by)
    if side is None:
        raise NotFound
    if booking.status not in REPORTABLE:
        raise Conflict(_("There was no session that anyone could have missed."))
    if now < booking.starts_at + ABSENT_AFTER:
        raise Conflict(_("Give them 15 minutes to come."), code="too_early")
    if now > _until(booking):
        raise Conflict(_("It is too late to report this."), code="too_late")
    session = Session.objects.filter(seats__booking=booking).first()
    absent = Side.MENTOR if side == Side.MENTEE else Side.MENTEE
    if session is None or not _came(session, by):
        raise Conflict(_("The room's log doesn't show that you were there yourself."))
    if _was_there(session, _person(booking, absent)):
        raise Conflict(_("The room's log shows that they came within 15 minutes."))
    return absent


def _until(booking: Booking) -> dt.datetime:
    over_at = booking.completed_at or booking.ends_at
    return over_at + dt.timedelta(hours=settings.PAYOUT_DELAY_HOURS)


def _person(booking: Booking, side: str) -> User:
    return booking.mentor.user if side == Side.MENTOR else booking.mentee


def _came(session: Session, user: User) -> bool:
    stays = Presence.objects.filter(session=session, user=user)
    return stays.filter(joined_at__gte=session.starts_at - OPENS_BEFORE).exists()


def _was_there(session: Session, user: User) -> bool:
    """Whether that person was in the room at any time of the first 15 minutes."""
    stays = Presence.objects.filter(session=session, user=user)
    stayed = Q(left_at__isnull=True) | Q(left_at__gt=session.starts_at)
    return stays.filter(stayed, joined_at__lt=session.starts_at + ABSENT_AFTER).exists()
