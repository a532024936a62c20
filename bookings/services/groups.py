"""Group sessions: offered once by a mentor, and sold seat by seat.

A seat is a booking: it is confirmed, cancelled and completed by the verbs of those. What takes
the mentor's time is the group session, whether anyone has a seat in it or not.
"""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from bookings import policy
from bookings.group_models import DESCRIPTION_LENGTH, MOST_SEATS, TITLE_LENGTH, GroupSession
from bookings.models import Booking, CalendarEntry
from bookings.services.booking import check_bookable, check_holds, check_is_another, tell
from bookings.services.consent import consent_given
from bookings.services.locking import exclusive, lock_group, lock_pair
from bookings.services.moves import count_seats, occupied
from bookings.services.refusals import (
    check_people_are_free,
    guards_in_words,
    slot_unavailable,
    sold_out,
)
from mentormatch import money, times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.models import MentorProfile

Status = GroupSession.Status
SHORTEST, LONGEST = 15, 180
AHEAD = dt.timedelta(days=366)


def offer_group_session(
    *,
    mentor: MentorProfile,
    title: str,
    description: str,
    starts_at: dt.datetime,
    duration_minutes: int,
    seats: int,
    price_minor: int,
    now: dt.datetime | None = None,
) -> GroupSession:
    """Offer seats in one meeting; `price_minor` is a seat's, in the mentor's currency.

    Opening hours don't matter, what is in the mentor's calendar does: `Conflict` as
    `slot_unavailable`; as `mentor_unavailable` or `not_payable` where nobody could book.
    """
    now = now or times.now()
    said = _checked(mentor, title, description, seats, price_minor)
    _check_when(starts_at, duration_minutes, now)
    ends_at = starts_at + dt.timedelta(minutes=duration_minutes)
    with guards_in_words(), exclusive():
        mentor = lock_pair(mentor=mentor, mentee=mentor.user)
        check_bookable(mentor)
        _check_sells(mentor, price_minor)
        _check_mentor_is_free(mentor, starts_at, ends_at)
        group = GroupSession.objects.create(
            mentor=mentor,
            starts_at=starts_at,
            ends_at=ends_at,
            duration_minutes=duration_minutes,
            currency=mentor.currency,
            created_at=now,
            **said,
        )
        CalendarEntry.objects.create(
            mentor=mentor,
            group_session=group,
            kind=CalendarEntry.Kind.GROUP,
            **occupied(mentor, starts_at, ends_at),
        )
    return group


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
    _check_sells(mentor, group.price_minor)
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


def _checked(
    mentor: MentorProfile, title: str, description: str, seats: int, price_minor: int
) -> dict[str, Any]:
    """What a mentor says of a group session, as it is kept; `InvalidInput` names the field."""
    title, description = " ".join(title.split()), description.strip()
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise InvalidInput(_("Give it a title of up to 120 characters."), field="title")
    if not 1 <= len(description) <= DESCRIPTION_LENGTH:
        raise InvalidInput(
            _("Say what it is about, in up to 3000 characters."), field="description"
        )
    if not 1 <= seats <= MOST_SEATS:
        raise InvalidInput(
            _("There can be 1 to %(most)d seats.") % {"most": MOST_SEATS}, field="seats"
        )
    if not money.is_chargeable(price_minor, mentor.currency):
        least = money.to_major(money.minimum_charge(mentor.currency), mentor.currency)
        raise InvalidInput(
            _("A seat is free, or costs at least %(least)s %(currency)s.")
            % {"least": least, "currency": mentor.currency.upper()},
            field="price_minor",
        )
    return {"title": title, "description": description, "seats": seats, "price_minor": price_minor}


def _check_when(starts_at: dt.datetime, duration_minutes: int, now: dt.datetime) -> None:
    if not SHORTEST <= duration_minutes <= LONGEST:
        raise InvalidInput(_("It can take 15 to 180 minutes."), field="duration_minutes")
    if starts_at <= now:
        raise InvalidInput(_("That time has passed."), code="in_the_past", field="starts_at")
    if starts_at > now + AHEAD:
        raise InvalidInput(_("That is more than a year away."), code="too_far", field="starts_at")


def _check_sells(mentor: MentorProfile, price_minor: int) -> None:
    if price_minor and not mentor.sells:
        raise Conflict(
            _("Seats that cost something can't be sold before payouts are set up."),
            code="not_payable",
            field="price_minor",
        )


def _check_mentor_is_free(
    mentor: MentorProfile, starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    """Nothing of the mentor's is in the way; to be sure of it, lock them first."""
    taken = occupied(mentor, starts_at, ends_at)
    live = CalendarEntry.objects.filter(mentor=mentor, is_live=True)
    learning = mentor.user.bookings.filter(status__in=Booking.HOLDS_TIME)
    if (
        live.filter(starts_at__lt=taken["ends_at"], ends_at__gt=taken["starts_at"]).exists()
        or learning.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists()
    ):
        raise Conflict(
            _("You have something at that time already. Choose another one."),
            code="slot_unavailable",
            field="starts_at",
        )
