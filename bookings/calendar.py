"""A mentor's free time as it stands: what is offered, and whether a time may be booked.

Every function costs a fixed number of queries, however many mentors, slots and bookings there
are. Nothing here locks: whoever books locks the mentor first and then asks `check_offered`.
"""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.diaries import Diaries
from bookings.models import Booking
from bookings.slots import INSTANT, Slot
from mentormatch import money
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.models import MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User

NEAR = dt.timedelta(days=7)


def offered(
    mentor: MentorProfile,
    *,
    start: dt.datetime,
    end: dt.datetime,
    duration_minutes: int,
    session_type: str,
    now: dt.datetime,
    viewer: "User | None" = None,
    ignoring: Booking | None = None,
) -> list[Slot]:
    """The slots that begin in [start, end), soonest first; none where that isn't for sale.

    A `viewer` isn't shown times at which they take part in another session. The booking
    `ignoring` is the one to be moved: it takes no time, and what was sold needn't be for sale now.
    """
    if ignoring is None and not is_bookable(mentor, session_type, duration_minutes):
        return []
    start, end = max(start, now), min(end, now + mentor.horizon + INSTANT)
    if start >= end:
        return []
    diary = Diaries([mentor], start, end, viewer=viewer, ignoring=ignoring)
    return list(diary.free(mentor, start, end, duration_minutes, now))


def check_offered(
    mentor: MentorProfile,
    *,
    starts_at: dt.datetime,
    duration_minutes: int,
    session_type: str,
    now: dt.datetime,
    viewer: "User | None" = None,
    ignoring: Booking | None = None,
) -> None:
    """Refuse a time that can't be booked.

    `InvalidInput` for what can never be right: `length_not_offered`, `in_the_past`, `too_soon`,
    `too_far`; `Conflict` for what isn't as things stand: `not_payable`, `slot_unavailable`.
    """
    check_sane(
        mentor,
        starts_at=starts_at,
        duration_minutes=duration_minutes,
        session_type=session_type,
        now=now,
        ignoring=ignoring,
    )
    if not mentor.is_listed:
        raise Conflict(_("This mentor can't be booked at the moment."), code="slot_unavailable")
    if ignoring is None and not is_payable(mentor, session_type, duration_minutes):
        raise Conflict(
            _("This mentor can't be paid yet, so only free sessions can be booked."),
            code="not_payable",
        )
    if not offered(
        mentor,
        start=starts_at,
        end=starts_at + INSTANT,
        duration_minutes=duration_minutes,
        session_type=session_type,
        now=now,
        viewer=viewer,
        ignoring=ignoring,
    ):
        raise Conflict(_("That time isn't free. Choose another one."), code="slot_unavailable")


def check_sane(
    mentor: MentorProfile,
    *,
    starts_at: dt.datetime,
    duration_minutes: int,
    session_type: str,
    now: dt.datetime,
    ignoring: Booking | None = None,
) -> None:
    """The `InvalidInput` half of `check_offered`: without a query, before anything is reckoned.

    A time that passed it is near enough to the present for arithmetic.
    """
    if ignoring is None:
        check_length(mentor, session_type, duration_minutes)
    _check_instant(mentor, starts_at, now)


def nearest(
    mentor: MentorProfile,
    *,
    around: dt.datetime,
    duration_minutes: int,
    session_type: str,
    now: dt.datetime,
    count: int = 3,
    viewer: "User | None" = None,
    ignoring: Booking | None = None,
) -> list[Slot]:
    """The `count` free slots closest to `around`, soonest first."""
    around = min(max(around, now), now + mentor.horizon)
    found: list[Slot] = []
    for reach in (NEAR, mentor.horizon):
        found = offered(
            mentor,
            start=around - reach,
            end=around + reach,
            duration_minutes=duration_minutes,
            session_type=session_type,
            now=now,
            viewer=viewer,
            ignoring=ignoring,
        )
        if len(found) >= count:
            break
    closest = sorted(found, key=lambda slot: abs(slot.starts_at - around))[:count]
    return sorted(closest, key=lambda slot: slot.starts_at)


def next_slots(
    mentors: Iterable[MentorProfile], *, now: dt.datetime
) -> dict[int, dt.datetime | None]:
    """When each mentor's next session can begin, of the shortest length they sell, or a trial."""
    mentors = list(mentors)
    if not mentors:
        return {}
    end = now + max(mentor.horizon for mentor in mentors) + INSTANT
    diaries = Diaries(mentors, now, end)
    return {mentor.pk: _next_start(diaries, mentor, now) for mentor in mentors}


def lengths_offered(mentor: MentorProfile, session_type: str) -> list[int]:
    """The lengths of that kind of session, in minutes, shortest first."""
    if session_type == Booking.Type.TRIAL:
        return [mentor.trial_minutes] if mentor.offers_trial else []
    return sorted(mentor.lengths) if session_type == Booking.Type.ONE_ON_ONE else []


def check_length(mentor: MentorProfile, session_type: str, duration_minutes: int) -> None:
    """Raise `InvalidInput` as `length_not_offered` for a kind or a length that isn't sold."""
    if duration_minutes not in lengths_offered(mentor, session_type):
        raise InvalidInput(
            _("This mentor doesn't offer sessions of that kind and length."),
            code="length_not_offered",
            field="duration_minutes",
        )


def is_payable(mentor: MentorProfile, session_type: str, duration_minutes: int) -> bool:
    """Whether it is free, or the mentor can be paid for it."""
    if session_type == Booking.Type.TRIAL:
        return mentor.sells or not mentor.trial_rate_minor
    return mentor.sells or not money.price_for(mentor.hourly_rate_minor, duration_minutes)


def is_bookable(mentor: MentorProfile, session_type: str, duration_minutes: int) -> bool:
    """Whether a session of that kind and length is for sale at all."""
    return duration_minutes in lengths_offered(mentor, session_type) and is_payable(
        mentor, session_type, duration_minutes
    )


def _check_instant(mentor: MentorProfile, starts_at: dt.datetime, now: dt.datetime) -> None:
    if starts_at < now:
        raise InvalidInput(_("That time has passed."), code="in_the_past", field="starts_at")
    if starts_at < now + dt.timedelta(minutes=mentor.notice_minutes):
        raise InvalidInput(
            _("That is too soon: this mentor wants to know earlier."),
            code="too_soon",
            field="starts_at",
        )
    if starts_at > now + mentor.horizon:
        raise InvalidInput(
            ngettext(
                "That is too far off: this mentor can be booked %(days)d day ahead.",
                "That is too far off: this mentor can be booked %(days)d days ahead.",
                mentor.horizon_days,
            )
            % {"days": mentor.horizon_days},
            code="too_far",
            field="starts_at",
        )


def _next_start(diaries: Diaries, mentor: MentorProfile, now: dt.datetime) -> dt.datetime | None:
    for session_type in (Booking.Type.ONE_ON_ONE, Booking.Type.TRIAL):
        for minutes in lengths_offered(mentor, session_type):
            if is_payable(mentor, session_type, minutes):
                # Most have time within days: the months after that are looked at only if not.
                for end in (now + NEAR, now + mentor.horizon + INSTANT):
                    slot = next(diaries.free(mentor, now, end, minutes, now), None)
                    if slot:
                        return slot.starts_at
                return None
    return None
