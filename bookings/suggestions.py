"""Who else has that time free: for mentees whose request came to nothing."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bookings import policy
from bookings.calendar import is_bookable
from bookings.diaries import Diaries
from bookings.models import Booking
from bookings.slots import INSTANT
from mentormatch import times
from mentormatch.mentors.models import MentorProfile

SUGGESTED = 3
# How many mentors are looked at, those most like the one who was asked first.
LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mentor who can be booked instead, at the same instant."""

    mentor: MentorProfile
    starts_at: dt.datetime
    duration_minutes: int
    session_type: str
    price_minor: int

    @property
    def query(self) -> str:
        """What the booking page of that mentor wants to know."""
        return urlencode(
            {
                "starts_at": times.format_instant(self.starts_at),
                "duration_minutes": self.duration_minutes,
                "session_type": self.session_type,
            }
        )


def instead_of(
    booking: Booking, *, now: dt.datetime, count: int = SUGGESTED
) -> tuple[Suggestion, ...]:
    """Mentors who have the time of a declined or lapsed request free, the most alike first.

    Alike is who helps with the same topics, then who has more reviews. None once the time is over.
    Costs a fixed number of queries.
    """
    ended = (Booking.CancellationCode.DECLINED, Booking.CancellationCode.LAPSED)
    if booking.cancellation_code not in ended or booking.starts_at <= now:
        return ()
    return tuple(islice(_free(booking, now), count))


def _free(booking: Booking, now: dt.datetime) -> Iterator[Suggestion]:
    mentors = list(_alike(booking)[:LOOKED_AT])
    if not mentors:
        return
    start, end = booking.starts_at, booking.starts_at + INSTANT
    diaries = Diaries(mentors, start, end, viewer=booking.mentee)
    for mentor in mentors:
        minutes = _length_with(mentor, booking)
        if not is_bookable(mentor, booking.session_type, minutes):
            continue
        if next(diaries.free(mentor, start, end, minutes, now), None):
            price = policy.price_of(mentor, booking.session_type, minutes)
            yield Suggestion(mentor, start, minutes, booking.session_type, price.amount_minor)


def _alike(booking: Booking) -> QuerySet[MentorProfile]:
    topics = booking.mentor.topics.values("pk")
    others = MentorProfile.objects.listed().exclude(pk=booking.mentor_id)
    others = others.exclude(user=booking.mentee)
    if booking.session_type == Booking.Type.TRIAL:
        had = Booking.objects.trials_of(booking.mentee, OuterRef("pk"))
        others = others.exclude(Exists(had))
    shared = Count("topics", filter=Q(topics__in=topics))
    found = others.annotate(shared=shared).select_related("user")
    return found.order_by("-shared", "-review_count", "pk")


def _length_with(mentor: MentorProfile, booking: Booking) -> int:
    is_trial = booking.session_type == Booking.Type.TRIAL
    return mentor.trial_minutes if is_trial else booking.duration_minutes
