"""Taking a slot, and what becomes of a booking that is kept: confirmed, held longer, completed."""

import datetime as dt
from typing import Any, Unpack

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings import calendar, policy
from bookings.models import Booking, CalendarEntry
from bookings.services.consent import consent_given
from bookings.services.locking import exclusive, lock_booking, lock_pair
from bookings.services.moves import move, occupied
from bookings.services.refusals import (
    Wanted,
    check_people_are_free,
    guards_in_words,
    slot_unavailable,
    trial_used,
    wanted_slot,
    with_nearest,
)
from bookings.signals import booking_completed, booking_confirmed, booking_requested
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.models import MentorProfile

Status = Booking.Status
NOT_CANCELLED = {
    "cancelled_at": None,
    "cancelled_by": "",
    "cancellation_code": "",
    "cancellation_reason": "",
}


def book_slot(
    *,
    mentor: MentorProfile,
    mentee: User,
    starts_at: dt.datetime,
    duration_minutes: int,
    session_type: str,
    notes: str = "",
    has_consented: bool = False,
    is_prepaid: bool = False,
    now: dt.datetime | None = None,
) -> Booking:
    """Take a slot: held until it is paid; if it is free, confirmed, or asked of the mentor.

    Of many at once for one slot exactly one gets it. `InvalidInput` for what can't be booked;
    `Conflict` as `slot_unavailable` or `mentee_busy` (both with the `nearest` free slots),
    `trial_used`, `too_many_holds`, `not_payable`, `mentor_unavailable`. `has_consented`: to the
    rule of cancelling, on a page that showed it. `is_prepaid`: it costs nothing more.
    """
    now = now or times.now()
    wanted = wanted_slot(mentee, starts_at, duration_minutes, session_type, now)
    until = policy.free_cancellation_until(starts_at)
    consent = consent_given(free_cancellation_until=until, now=now) if has_consented else {}
    with with_nearest(mentor, **wanted), guards_in_words(), exclusive():
        mentor = lock_pair(mentor=mentor, mentee=mentee)
        price = _check(mentor, is_prepaid=is_prepaid, **wanted)
        booking = _write(
            mentor,
            price,
            mentee=mentee,
            starts_at=starts_at,
            duration_minutes=duration_minutes,
            session_type=session_type,
            notes=notes.strip(),
            free_cancellation_until=until,
            metadata=consent,
            created_at=now,
        )
        tell(booking)
    return booking


def _write(
    mentor: MentorProfile, price: policy.Price, *, starts_at: dt.datetime, **fields: Any
) -> Booking:
    """The booking in its first state, and the stretch that it takes of its mentor."""
    ends_at = starts_at + dt.timedelta(minutes=fields["duration_minutes"])
    booking = Booking.objects.create(
        mentor=mentor,
        starts_at=starts_at,
        ends_at=ends_at,
        price_minor=price.amount_minor,
        platform_fee_minor=price.platform_fee_minor,
        currency=price.currency,
        needs_answer=mentor.requires_approval,
        **fields,
        **_first_state(mentor, price, starts_at, fields["created_at"]),
    )
    CalendarEntry.objects.create(
        mentor=mentor,
        booking=booking,
        kind=CalendarEntry.Kind.BOOKING,
        **occupied(mentor, starts_at, ends_at),
    )
    return booking


def check_slot(
    *,
    mentor: MentorProfile,
    mentee: User,
    starts_at: dt.datetime,
    duration_minutes: int,
    session_type: str,
    is_prepaid: bool = False,
    now: dt.datetime | None = None,
) -> policy.Price:
    """What `book_slot` would ask for it as things stand, or the same refusal. Holds nothing."""
    wanted = wanted_slot(mentee, starts_at, duration_minutes, session_type, now or times.now())
    with with_nearest(mentor, **wanted):
        return _check(mentor, is_prepaid=is_prepaid, **wanted)


def confirm_booking(*, booking: Booking, now: dt.datetime | None = None) -> Booking:
    """The payment arrived. Safe to repeat.

    One that expired meanwhile lives again if its time is still free. `Conflict` (what was paid
    has to go back) if it isn't, if the session would be over, or if it was given up.
    """
    now = now or times.now()
    with guards_in_words(), exclusive():
        booking = lock_booking(booking)
        if booking.status == Status.CONFIRMED or booking.status in Booking.TOOK_PLACE:
            return booking
        if booking.status == Status.CANCELLED:
            check_revivable(booking, now)
        elif booking.ends_at <= now or _is_called_off(booking):
            raise slot_unavailable()
        _confirm(booking, now)
    return booking


def confirm_free(booking: Booking, now: dt.datetime) -> None:
    """The mentor accepted a request: the caller has locked and checked it."""
    _confirm(booking, now)


def extend_hold(*, booking: Booking, until: dt.datetime) -> Booking:
    """Keep an unpaid booking until its checkout ends; never shortens. `Conflict` if it is gone."""
    with exclusive():
        booking = lock_booking(booking)
        if not booking.is_to_pay or booking.hold_expires_at is None:
            raise Conflict
        if until > booking.hold_expires_at:
            move(booking, to=Status.PENDING, now=times.now(), hold_expires_at=until)
    return booking


def complete_booking(*, booking: Booking, now: dt.datetime | None = None) -> Booking:
    """The session took place. Safe to repeat; `Conflict` if it was never confirmed."""
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        if booking.status == Status.COMPLETED:
            return booking
        if booking.status != Status.CONFIRMED:
            raise Conflict
        move(booking, to=Status.COMPLETED, now=now, completed_at=now)
        booking_completed.send(Booking, booking=booking)
    return booking


def _check(mentor: MentorProfile, *, is_prepaid: bool, **wanted: Unpack[Wanted]) -> policy.Price:
    """Every reason against a booking; to be sure of them, lock the pair first."""
    mentee, session_type, now = wanted["viewer"], wanted["session_type"], wanted["now"]
    starts_at, minutes = wanted["starts_at"], wanted["duration_minutes"]
    _check_possible(mentor, mentee, session_type)
    calendar.check_sane(
        mentor,
        starts_at=starts_at,
        duration_minutes=minutes,
        session_type=session_type,
        now=now,
    )
    check_bookable(mentor)
    try:
        calendar.check_offered(mentor, **wanted)
    except Conflict:
        # No one is offered a time at which they are elsewhere: then that is the reason to give.
        ends_at = starts_at + dt.timedelta(minutes=minutes)
        check_people_are_free(mentor=mentor, mentee=mentee, starts_at=starts_at, ends_at=ends_at)
        raise
    price = policy.Price(0, 0, mentor.currency)
    if not is_prepaid:
        price = policy.price_of(mentor, session_type, minutes)
    _check_trial(mentor, mentee, session_type)
    check_holds(mentee, price, now)
    return price


def _check_possible(mentor: MentorProfile, mentee: User, session_type: str) -> None:
    """What no calendar has to be asked about."""
    if session_type == Booking.Type.GROUP:
        raise InvalidInput(
            _("Group sessions have pages of their own: choose a seat there."),
            code="group_not_offered",
            field="session_type",
        )
    check_is_another(mentor, mentee)


def check_is_another(mentor: MentorProfile, mentee: User) -> None:
    """`InvalidInput` as `own_profile` for those who would book themselves."""
    if mentor.user_id == mentee.pk:
        raise InvalidInput(
            _("You can't book yourself. Choose another mentor."),
            code="own_profile",
            field="mentor_id",
        )


def check_bookable(mentor: MentorProfile) -> None:
    """`Conflict` as `mentor_unavailable` for one who isn't listed (any more)."""
    if not mentor.is_listed or not mentor.user.is_active:
        raise Conflict(_("This mentor takes no bookings at the moment."), code="mentor_unavailable")


def _check_trial(mentor: MentorProfile, mentee: User, session_type: str) -> None:
    is_trial = session_type == Booking.Type.TRIAL
    if is_trial and Booking.objects.trials_of(mentee, mentor).exists():
        raise trial_used()


def check_holds(mentee: User, price: policy.Price, now: dt.datetime) -> None:
    """`Conflict` as `too_many_holds` for those who have several bookings still to pay."""
    holds = mentee.bookings.filter(status=Status.PENDING, hold_expires_at__gt=now)
    if price.amount_minor and holds.count() >= policy.MOST_HOLDS:
        raise Conflict(
            ngettext(
                "You have %(count)d booking still to pay. Pay or cancel it first.",
                "You have %(count)d bookings still to pay. Pay or cancel one of them first.",
                policy.MOST_HOLDS,
            )
            % {"count": policy.MOST_HOLDS},
            code="too_many_holds",
        )


def _first_state(
    mentor: MentorProfile, price: policy.Price, starts_at: dt.datetime, now: dt.datetime
) -> dict[str, object]:
    if price.amount_minor:
        return {"status": Status.PENDING, "hold_expires_at": now + policy.HOLD}
    if mentor.requires_approval:
        return {"status": Status.PENDING, "answer_by_at": policy.answer_by(starts_at, now)}
    return {"status": Status.CONFIRMED, "confirmed_at": now}


def tell(booking: Booking) -> None:
    """Send word of a booking just made, where anyone has to hear of it yet."""
    if booking.status == Status.CONFIRMED:
        booking_confirmed.send(Booking, booking=booking)
    elif booking.is_to_answer:
        booking_requested.send(Booking, booking=booking)


def check_revivable(booking: Booking, now: dt.datetime) -> None:
    """One that expired may come back where its time is still free."""
    if booking.cancellation_code != Booking.CancellationCode.EXPIRED:
        raise Conflict
    check_bookable(booking.mentor)
    if booking.starts_at <= now or _is_called_off(booking):
        raise slot_unavailable()
    _check_mentor_is_free(booking)
    check_people_are_free(
        mentor=booking.mentor,
        mentee=booking.mentee,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
    )


def _check_mentor_is_free(booking: Booking) -> None:
    """Whether nothing else took the stretch that the booking had; a seat takes its group's."""
    entry = CalendarEntry.objects.filter(booking=booking).first()
    if entry is None:
        return
    taken = CalendarEntry.objects.filter(mentor=booking.mentor, is_live=True)
    if taken.filter(starts_at__lt=entry.ends_at, ends_at__gt=entry.starts_at).exists():
        raise slot_unavailable()


def _is_called_off(booking: Booking) -> bool:
    """Whether it is a seat in a group session that isn't on any more."""
    return booking.group_session is not None and not booking.group_session.is_on


def _confirm(booking: Booking, now: dt.datetime) -> None:
    move(
        booking,
        to=Status.CONFIRMED,
        now=now,
        confirmed_at=now,
        hold_expires_at=None,
        answer_by_at=None,
        **NOT_CANCELLED,
    )
    booking_confirmed.send(Booking, booking=booking)
