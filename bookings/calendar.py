"""A mentor's free time as it stands: what is offered, and whether a time may be booked.

Every function costs a fixed number of queries, however many mentors, slots and bookings there
are. Nothing here locks: whoever books locks the mentor first and then asks `check_offered`.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.models import AvailabilitySlot, Booking, CalendarEntry, TimeOff
from bookings.slots import INSTANT, DaysOff, Rules, Slot, Taken, Window, free_slots
from bookings.wallclock import Span, local_day
from mentormatch import money
from mentormatch.errors import Conflict, InvalidInput
from mentormatch.mentors.models import MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User

# What touches a day's slots from outside: the longest session, its buffers, and for the daily cap
# the whole local days at both ends.
MARGIN = dt.timedelta(days=2)
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
    `ignoring` takes no time: it is the one to be moved.
    """
    if not is_bookable(mentor, session_type, duration_minutes):
        return []
    start, end = max(start, now), min(end, now + mentor.horizon + INSTANT)
    if start >= end:
        return []
    diary = _Diaries([mentor], start, end, viewer=viewer, ignoring=ignoring)
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
    )
    if not mentor.is_listed:
        raise Conflict(_("This mentor can't be booked at the moment."), code="slot_unavailable")
    if not is_payable(mentor, session_type, duration_minutes):
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
) -> None:
    """The `InvalidInput` half of `check_offered`: without a query, before anything is reckoned.

    A time that passed it is near enough to the present for arithmetic.
    """
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
    diaries = _Diaries(mentors, now, end)
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


def _next_start(diaries: "_Diaries", mentor: MentorProfile, now: dt.datetime) -> dt.datetime | None:
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


class _Diaries:
    """Everything that decides about the time of some mentors, read in four queries."""

    def __init__(
        self,
        mentors: Sequence[MentorProfile],
        start: dt.datetime,
        end: dt.datetime,
        *,
        viewer: "User | None" = None,
        ignoring: Booking | None = None,
    ) -> None:
        self.start, self.end = start - MARGIN, end + MARGIN
        self.ignoring = ignoring.pk if ignoring else None
        self.windows = self._windows(mentors)
        self.days_off = self._days_off(mentors)
        self.entries, self.starts = self._entries(mentors)
        self.viewer_id: int | None = getattr(viewer, "pk", None)
        self.people = self._people(mentors)

    def free(
        self,
        mentor: MentorProfile,
        start: dt.datetime,
        end: dt.datetime,
        duration_minutes: int,
        now: dt.datetime,
    ) -> Iterator[Slot]:
        """That mentor's slots in [start, end), which lies within what was read."""
        taken = Taken(
            mentor=self.entries[mentor.pk],
            people=self.people[mentor.user_id] + self.people[self.viewer_id],
            full_days=self._full_days(mentor),
        )
        return free_slots(
            rules_of(mentor, self.windows[mentor.pk], self.days_off[mentor.pk]),
            start=start,
            end=end,
            duration_minutes=duration_minutes,
            now=now,
            taken=taken,
        )

    def _windows(self, mentors: Sequence[MentorProfile]) -> Mapping[int, list[Window]]:
        rows = AvailabilitySlot.objects.filter(mentor__in=mentors).filter(
            Q(date=None) | Q(date__range=(self.start.date(), self.end.date()))
        )
        windows: dict[int, list[Window]] = defaultdict(list)
        for row in rows:
            windows[row.mentor_id].append(
                Window(row.start_minute, row.end_minute, row.weekday, row.date)
            )
        return windows

    def _days_off(self, mentors: Sequence[MentorProfile]) -> Mapping[int, list[DaysOff]]:
        rows = TimeOff.objects.filter(
            mentor__in=mentors, first_day__lte=self.end.date(), last_day__gte=self.start.date()
        )
        days_off: dict[int, list[DaysOff]] = defaultdict(list)
        for row in rows:
            days_off[row.mentor_id].append(DaysOff(row.first_day, row.last_day))
        return days_off

    def _entries(
        self, mentors: Sequence[MentorProfile]
    ) -> tuple[Mapping[int, list[Span]], Mapping[int, list[dt.datetime]]]:
        """What takes the mentors' time, buffers included, and when their sessions begin."""
        rows = CalendarEntry.objects.filter(
            mentor__in=mentors, is_live=True, starts_at__lt=self.end, ends_at__gt=self.start
        )
        if self.ignoring:
            rows = rows.exclude(booking=self.ignoring)
        entries: dict[int, list[Span]] = defaultdict(list)
        starts: dict[int, list[dt.datetime]] = defaultdict(list)
        sessions = (CalendarEntry.Kind.BOOKING, CalendarEntry.Kind.GROUP)
        for mentor_id, kind, starts_at, ends_at, begins_at in rows.values_list(
            "mentor_id", "kind", "starts_at", "ends_at", Coalesce("booking__starts_at", "starts_at")
        ):
            entries[mentor_id].append((starts_at, ends_at))
            if kind in sessions:
                starts[mentor_id].append(begins_at)
        return entries, starts

    def _people(self, mentors: Sequence[MentorProfile]) -> Mapping[int | None, list[Span]]:
        """When those who would take part are elsewhere: as mentee, and the viewer as mentor."""
        mentees = {mentor.user_id for mentor in mentors} | {self.viewer_id}
        rows = Booking.objects.filter(
            Q(mentee__in=mentees - {None}) | Q(mentor__user=self.viewer_id or 0),
            status__in=Booking.HOLDS_TIME,
            starts_at__lt=self.end,
            ends_at__gt=self.start,
        ).exclude(pk=self.ignoring or 0)
        people: dict[int | None, list[Span]] = defaultdict(list)
        for mentee_id, mentor_user_id, starts_at, ends_at in rows.values_list(
            "mentee_id", F("mentor__user_id"), "starts_at", "ends_at"
        ):
            people[mentee_id].append((starts_at, ends_at))
            if mentor_user_id == self.viewer_id:
                people[mentor_user_id].append((starts_at, ends_at))
        return people

    def _full_days(self, mentor: MentorProfile) -> frozenset[dt.date]:
        if mentor.daily_cap is None:
            return frozenset()
        a_day = Counter(local_day(start, mentor.zone) for start in self.starts[mentor.pk])
        return frozenset(day for day, count in a_day.items() if count >= mentor.daily_cap)


def rules_of(
    mentor: MentorProfile, windows: Sequence[Window], days_off: Sequence[DaysOff]
) -> Rules:
    """A mentor's settings as the pure `slots` wants them."""
    return Rules(
        zone=mentor.zone,
        windows=windows,
        days_off=days_off,
        step_minutes=mentor.step_minutes,
        notice=dt.timedelta(minutes=mentor.notice_minutes),
        horizon=mentor.horizon,
        buffer_before=dt.timedelta(minutes=mentor.buffer_before_minutes),
        buffer_after=dt.timedelta(minutes=mentor.buffer_after_minutes),
    )
