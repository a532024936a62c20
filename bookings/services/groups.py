"""Group sessions: offered by a mentor, changed, called off, completed. Seats: see `seats`.

What takes the mentor's time is the group session, whether anyone has a seat in it or not.
"""

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.group_models import (
    DESCRIPTION_LENGTH,
    MOST_SEATS,
    REASON_LENGTH,
    TITLE_LENGTH,
    GroupSession,
)
from bookings.models import Booking, CalendarEntry
from bookings.services.booking import check_bookable
from bookings.services.locking import exclusive, lock_group, lock_pair
from bookings.services.moves import occupied
from bookings.services.refusals import (
    guards_in_words,
)
from mentormatch import money, times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden, InvalidInput
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile

Status = GroupSession.Status
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
    said = _checked(mentor.currency, title, description, seats, price_minor)
    _check_when(starts_at, duration_minutes, now)
    ends_at = starts_at + dt.timedelta(minutes=duration_minutes)
    with guards_in_words(), exclusive():
        mentor = lock_pair(mentor=mentor, mentee=mentor.user)
        check_bookable(mentor)
        check_sells(mentor, price_minor)
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


def change_group_session(
    *,
    group: GroupSession,
    by: User,
    title: str,
    description: str,
    seats: int,
    price_minor: int,
    now: dt.datetime | None = None,
) -> GroupSession:
    """Say it otherwise: the words, the seats down to those taken, the price until one is sold.

    The time stays: people have planned with it. `Forbidden` for anyone but the mentor; `Conflict`
    as `seats_taken` for what is sold already, as `not_payable`, as `invalid_state` once it is over.
    """
    said = _checked(group.currency, title, description, seats, price_minor)
    with guards_in_words(), exclusive():
        group = lock_group(group)
        _require_mentor(group, by)
        if not group.is_on:
            raise Conflict(_("It isn't on any more, so nothing can be changed."))
        _check_sold(group, seats, price_minor)
        if price_minor != group.price_minor:
            check_sells(group.mentor, price_minor)
        _write(group, now or times.now(), **said)
    return group


def close_group_session(
    *, group: GroupSession, by: User, reason: str = "", now: dt.datetime | None = None
) -> GroupSession:
    """Call the whole off: no seat is sold any more, and the mentor's time is free again.

    The seats are given back afterwards, each by itself (`payments.services.call_off_group`).
    `Forbidden` for anyone but the mentor and staff; `Conflict` once it has taken place. Safe to
    repeat.
    """
    now = now or times.now()
    with exclusive():
        group = lock_group(group)
        side = _side_of(group, by)
        if group.status == Status.CANCELLED:
            return group
        if not group.is_on:
            raise Conflict(_("It has taken place: it can't be called off any more."))
        _end(
            group,
            to=Status.CANCELLED,
            now=now,
            cancelled_at=now,
            cancelled_by=side,
            cancellation_reason=reason.strip()[:REASON_LENGTH],
        )
    return group


def complete_group_session(*, group: GroupSession, now: dt.datetime) -> None:
    """It took place: the caller has locked its mentor. Safe to repeat."""
    if group.is_on:
        _end(group, to=Status.COMPLETED, now=now)


def complete_empty_groups(*, now: dt.datetime | None = None) -> int:
    """Those that are over without anyone in them; gives how many. Safe to repeat.

    Where someone has a seat, their session completes it.
    """
    now = now or times.now()
    over = GroupSession.objects.still_on().filter(ends_at__lte=now)
    seated = Booking.objects.filter(group_session=OuterRef("pk"), status=Booking.Status.CONFIRMED)
    return sum(_complete_empty(group, now) for group in over.filter(~Exists(seated)).with_mentor())


def _complete_empty(group: GroupSession, now: dt.datetime) -> bool:
    with exclusive():
        group = lock_group(group)
        if not group.is_on or group.bookings.filter(status=Booking.Status.CONFIRMED).exists():
            return False
        complete_group_session(group=group, now=now)
    return True


def _end(group: GroupSession, *, to: str, now: dt.datetime, **changes: Any) -> None:
    """The one writer of its status; the time of one that was called off is free again."""
    _write(group, now, status=to, **changes)
    if to == Status.CANCELLED:
        CalendarEntry.objects.filter(group_session=group).update(is_live=False, updated_at=now)


def _write(group: GroupSession, now: dt.datetime, **changes: Any) -> None:
    """Compare-and-swap from scheduled; `Conflict` where that has passed."""
    changes |= {"updated_at": now}
    if not GroupSession.objects.still_on().filter(pk=group.pk).update(**changes):
        raise Conflict
    for name, value in changes.items():
        setattr(group, name, value)


def _side_of(group: GroupSession, by: User) -> str:
    """The side of whoever calls the whole off; `Forbidden` for all but the mentor and staff."""
    if group.mentor.user_id == by.pk:
        return Booking.Side.MENTOR
    if by.is_staff:
        return Booking.Side.STAFF
    raise Forbidden(_("Only the mentor can do that."))


def _require_mentor(group: GroupSession, by: User) -> None:
    if group.mentor.user_id != by.pk:
        raise Forbidden(_("Only the mentor can do that."))


def _check_sold(group: GroupSession, seats: int, price_minor: int) -> None:
    """What was sold stays as it was sold."""
    if seats < group.seats_taken:
        raise Conflict(
            ngettext(
                "%(count)d seat is taken already: there can't be fewer.",
                "%(count)d seats are taken already: there can't be fewer.",
                group.seats_taken,
            )
            % {"count": group.seats_taken},
            code="seats_taken",
            field="seats",
        )
    if price_minor != group.price_minor and group.seats_taken:
        raise Conflict(
            _("The price stays once a seat is taken."), code="seats_taken", field="price_minor"
        )


def _checked(
    currency: str, title: str, description: str, seats: int, price_minor: int
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
    if not money.is_chargeable(price_minor, currency):
        least = money.to_major(money.minimum_charge(currency), currency)
        raise InvalidInput(
            _("A seat is free, or costs at least %(least)s %(currency)s.")
            % {"least": least, "currency": currency.upper()},
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


def check_sells(mentor: MentorProfile, price_minor: int) -> None:
    """`Conflict` as `not_payable` where it costs something and the mentor can't be paid."""
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
