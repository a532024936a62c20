"""What a page shows of a booking: what happened, what can be done now, and by whom."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings import policy
from bookings.models import Booking
from bookings.suggestions import instead_of
from mentormatch.accounts.models import User
from payments.services import may_tip
from reviews.services import may_write
from sessions_app.absences import may_report
from sessions_app.models import Session

Text = str | Promise
Code = Booking.CancellationCode
ENDS: dict[str, Text] = {
    Code.CANCELLED: _("Cancelled"),
    Code.DECLINED: _("Declined by the mentor"),
    Code.EXPIRED: _("Not paid in time: the slot was given free"),
    Code.LAPSED: _("The mentor didn't answer in time"),
    Code.GROUP_MINIMUM: _("Called off: too few took part"),
}
CANCELLED_BY: dict[str, Text] = {
    Booking.Side.MENTEE: _("Cancelled by the mentee"),
    Booking.Side.MENTOR: _("Cancelled by the mentor"),
    Booking.Side.STAFF: _("Cancelled by our staff"),
    Booking.Side.SYSTEM: _("Cancelled by the site"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a booking's timeline; `mark` is "", "is-now" or "is-next"."""

    label: Text
    at: dt.datetime
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The other side, as a page names them; `zone` is empty where it is the viewer's own.

    `slug` leads to a mentor's page, as long as there is one to be seen.
    """

    name: str
    zone: str
    slug: str = ""


def other_side(booking: Booking, user: User) -> Person:
    """Whom this person meets."""
    if user.pk == booking.mentee_id:
        mentor = booking.mentor
        is_seen = mentor.is_listed and mentor.user.is_active
        slug = mentor.slug if is_seen else ""
        return Person(mentor.name, foreign_zone(mentor.time_zone), slug)
    return Person(booking.mentee.get_full_name(), foreign_zone(booking.mentee.time_zone))


def foreign_zone(name: str) -> str:
    """That zone's name, or nothing where the page tells the time in it anyway."""
    return "" if name == timezone.get_current_timezone_name() else name


def state_of(booking: Booking) -> Text:
    """Its state in a word or two; pending says what it waits for."""
    if booking.is_to_pay:
        return _("to pay")
    if booking.is_accepted:
        return _("being paid")
    return _("to be answered") if booking.is_to_answer else booking.get_status_display()


def end_of(booking: Booking, side: str) -> Text:
    """How a booking that was given up came to its end, to someone of that side; else nothing."""
    if booking.status != Booking.Status.CANCELLED:
        return ""
    if booking.cancellation_code != Code.CANCELLED:
        return ENDS.get(booking.cancellation_code, ENDS[Code.CANCELLED])
    if booking.cancelled_by == side:
        return _("You cancelled this session")
    return CANCELLED_BY.get(booking.cancelled_by, ENDS[Code.CANCELLED])


def timeline(booking: Booking, now: dt.datetime) -> list[Step]:
    """What happened and what is still to come, in order."""
    return sorted(_steps(booking, now), key=attrgetter("at"))


def _steps(booking: Booking, now: dt.datetime) -> Iterator[Step]:
    asked = booking.needs_answer or booking.answer_by_at
    yield Step(_("Asked for") if asked else _("Booked"), booking.created_at)
    if booking.hold_expires_at:
        yield Step(_("Pay by then, or the slot is free again"), booking.hold_expires_at, "is-now")
    if booking.answer_by_at:
        yield Step(_("The mentor answers by then"), booking.answer_by_at, "is-now")
    if booking.is_accepted and booking.accepted_at:
        yield Step(_("Accepted: the payment is being taken"), booking.accepted_at, "is-now")
    if booking.confirmed_at:
        yield Step(_("Confirmed"), booking.confirmed_at)
    if booking.cancelled_at:
        yield Step(ENDS[booking.cancellation_code], booking.cancelled_at, "is-now")
    elif booking.status in Booking.HOLDS_TIME:
        yield from _still_to_come(booking, now)
    if booking.completed_at:
        yield Step(_("Completed"), booking.completed_at)


def _still_to_come(booking: Booking, now: dt.datetime) -> Iterator[Step]:
    until = booking.free_cancellation_until
    if booking.price_minor and now < until < booking.starts_at:
        yield Step(_("Free cancellation ends"), until, "is-next")
    begun = booking.starts_at <= now
    yield Step(_("You meet"), booking.starts_at, "is-now" if begun else "is-next")


def shown(booking: Booking, user: User, now: dt.datetime) -> dict[str, Any]:
    """Everything `bookings/detail.html` asks about; `booking` comes with people and seat."""
    side = booking.side_of(user) or ""
    session: Session | None = booking.seat.session if hasattr(booking, "seat") else None
    is_mentee = side == Booking.Side.MENTEE
    return {
        "booking": booking,
        "state": state_of(booking),
        "end": end_of(booking, side),
        "has_begun": booking.starts_at <= now,
        "is_mentee": is_mentee,
        "other": other_side(booking, user),
        "timeline": timeline(booking, now),
        "session": session,
        "terms": policy.cancellation_terms(booking, side, now),
        "can_pay": is_mentee and booking.is_to_pay,
        "can_answer": not is_mentee and booking.is_to_answer,
        "can_join": session is not None and session.status in Session.LIVE,
        "can_reschedule": policy.may_reschedule(booking, side, now),
        "can_review": is_mentee
        and session is not None
        and may_write(session=session, booking=booking),
        "can_tip": session is not None and may_tip(booking, user),
        "can_report": session is not None and may_report(booking, user, now),
        # A request's price is authorised at most, until its mentor says yes.
        "is_uncharged": bool(booking.price_minor)
        and booking.needs_answer
        and booking.confirmed_at is None,
        "absence": getattr(booking, "absence", None),
        "is_free_to_cancel": now <= booking.free_cancellation_until,
        "side": side,
        "suggestions": instead_of(booking, now=now) if is_mentee else (),
        "now": now,
    }
