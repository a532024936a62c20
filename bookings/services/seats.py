"""A seat in a group session is a booking: from here on the verbs of those confirm it and so on."""

import datetime as dt
from typing import Any

from bookings import policy
from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.booking import check_bookable, check_holds, check_is_another, tell
from bookings.services.consent import consent_given
from bookings.services.groups import check_sells
from bookings.services.locking import exclusive, lock_group
from bookings.services.moves import count_seats
from bookings.services.refusals import (
    check_people_are_free,
    guards_in_words,
    slot_unavailable,
    sold_out,
)
from mentormatch import times
from mentormatch.accounts.models import User


def book_seat(
    *,
    group: GroupSession,
    mentee: User,
    notes: str = "",
    has_consented: bool = False,
    now: dt.datetime | None = None,
) -> Booking:
    """Take a seat: held until it is paid, or confirmed at once if it is free.

    Of many at once for the last seat exactly one gets it; the others' `Conflict` is `sold_out`.
    The other refusals are those of `book_slot`: `slot_unavailable` once it has begun or was
    called off, `mentee_busy`, `too_many_holds`, `not_payable`, `mentor_unavailable`.
    """
    now = now or times.now()
    until = policy.free_cancellation_until(group.starts_at)
    consent = consent_given(free_cancellation_until=until, now=now) if has_consented else {}
    with guards_in_words(), exclusive():
        group = lock_group(group, mentee=mentee)
        price = check_seat(group=group, mentee=mentee, now=now)
        booking = Booking.objects.create(
            mentor=group.mentor,
            mentee=mentee,
            session_type=Booking.Type.GROUP,
            group_session=group,
            starts_at=group.starts_at,
            ends_at=group.ends_at,
            duration_minutes=group.duration_minutes,
            notes=notes.strip(),
            price_minor=price.amount_minor,
            platform_fee_minor=price.platform_fee_minor,
            currency=price.currency,
            free_cancellation_until=until,
            metadata=consent,
            created_at=now,
            **_first_state(price, now),
        )
        count_seats(group.pk, by=1, now=now)
        tell(booking)
    return booking


def check_seat(
    *, group: GroupSession, mentee: User, now: dt.datetime | None = None
) -> policy.Price:
    """What `book_seat` would ask for it as things stand, or the same refusal. Holds nothing.

    To be sure of it, lock the group first.
    """
    now = now or times.now()
    mentor = group.mentor
    check_is_another(mentor, mentee)
    check_bookable(mentor)
    if not group.is_on or group.starts_at <= now:
        raise slot_unavailable()
    check_sells(mentor, group.price_minor)
    check_people_are_free(
        mentor=mentor, mentee=mentee, starts_at=group.starts_at, ends_at=group.ends_at
    )
    if group.is_sold_out:
        raise sold_out()
    price = policy.price_of_seat(group)
    check_holds(mentee, price, now)
    return price


def _first_state(price: policy.Price, now: dt.datetime) -> dict[str, Any]:
    """A mentor who wants to be asked was: they offered these seats themselves."""
    if price.amount_minor:
        return {"status": Booking.Status.PENDING, "hold_expires_at": now + policy.HOLD}
    return {"status": Booking.Status.CONFIRMED, "confirmed_at": now}
