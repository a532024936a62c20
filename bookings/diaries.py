"""What decides about some mentors' time, read from the rows in two statements.

Only what touches the days asked for is read, each part from an index bounded on both sides: the
cost doesn't follow what is booked before them and after.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

from bookings.group_models import GroupSession
from bookings.models import Booking, CalendarEntry
from bookings.slots import DaysOff, Rules, Slot, Taken, Window, free_slots
from bookings.wallclock import Span, local_day
from mentormatch.db import read_instant
from mentormatch.mentors.models import LONGEST, MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User

# What touches a day's slots from outside: the longest session, its buffers, and for the daily cap
# the whole local days at both ends.
MARGIN = dt.timedelta(days=2)
LONGEST_SESSION = dt.timedelta(minutes=LONGEST)
SESSIONS = (CalendarEntry.Kind.BOOKING, CalendarEntry.Kind.GROUP)
NO_ROW = -1
PERSON = "person"  # beside the kinds of entries: a booking in which someone takes part

# By hand, because every page of slots asks them: making the same from querysets took several
# times as long as the database takes to answer. They run on both engines as they are.
HOURS = """
SELECT mentor_id, start_minute, end_minute, weekday, date, NULL
FROM bookings_availabilityslot
WHERE mentor_id IN ({mentors}) AND (date IS NULL OR date BETWEEN %(first)s AND %(last)s)
UNION ALL
SELECT mentor_id, NULL, NULL, NULL, first_day, last_day
FROM bookings_timeoff
WHERE mentor_id IN ({mentors}) AND first_day <= %(last)s AND last_day >= %(first)s
"""
# A mentor's live entries never overlap, so of those that begin before `start`, only the last can
# reach in: the second part finds it. `ends_at > start` alone would read everything before.
BUSY = """
SELECT e.kind, e.mentor_id, COALESCE(b.starts_at, g.starts_at, e.starts_at), e.starts_at, e.ends_at
FROM bookings_calendarentry e LEFT JOIN bookings_booking b ON b.id = e.booking_id
LEFT JOIN bookings_groupsession g ON g.id = e.group_session_id
WHERE e.is_live AND e.mentor_id IN ({mentors}) AND COALESCE(e.booking_id, 0) <> %(ignoring)s
AND e.starts_at >= %(start)s AND e.starts_at < %(end)s
UNION ALL
SELECT e.kind, e.mentor_id, COALESCE(b.starts_at, g.starts_at, e.starts_at), e.starts_at, e.ends_at
FROM mentors_mentorprofile m
JOIN bookings_calendarentry e ON e.id = (
    SELECT before.id FROM bookings_calendarentry before
    WHERE before.is_live AND before.mentor_id = m.id AND before.starts_at < %(start)s
    ORDER BY before.starts_at DESC LIMIT 1
)
LEFT JOIN bookings_booking b ON b.id = e.booking_id
LEFT JOIN bookings_groupsession g ON g.id = e.group_session_id
WHERE m.id IN ({mentors}) AND COALESCE(e.booking_id, 0) <> %(ignoring)s AND e.ends_at > %(start)s
UNION ALL
SELECT %(person)s, mentee_id, starts_at, starts_at, ends_at
FROM bookings_booking
WHERE mentee_id IN ({people}) AND status IN ({holding}) AND id <> %(ignoring)s
AND starts_at > %(longest_before)s AND starts_at < %(end)s AND ends_at > %(start)s
UNION ALL
SELECT %(person)s, m.user_id, b.starts_at, b.starts_at, b.ends_at
FROM mentors_mentorprofile m JOIN bookings_booking b ON b.mentor_id = m.id
WHERE m.user_id = %(viewer)s AND b.status IN ({holding}) AND b.id <> %(ignoring)s
AND b.starts_at > %(longest_before)s AND b.starts_at < %(end)s AND b.ends_at > %(start)s
UNION ALL
SELECT %(person)s, m.user_id, g.starts_at, g.starts_at, g.ends_at
FROM mentors_mentorprofile m JOIN bookings_groupsession g ON g.mentor_id = m.id
WHERE m.user_id = %(viewer)s AND g.status = %(scheduled)s
AND g.starts_at > %(longest_before)s AND g.starts_at < %(end)s AND g.ends_at > %(start)s
"""


class Diaries:
    """The hours, days off and sessions of `mentors` around [start, end).

    The people of a session may take part in others: of each mentor it is read when they are
    mentees elsewhere, and of the `viewer` when they are mentee or mentor. The booking `ignoring`
    takes no time.
    """

    def __init__(
        self,
        mentors: Sequence[MentorProfile],
        start: dt.datetime,
        end: dt.datetime,
        *,
        viewer: "User | None" = None,
        ignoring: Booking | None = None,
    ) -> None:
        self.viewer_id: int | None = getattr(viewer, "pk", None)
        self.windows: dict[int, list[Window]] = defaultdict(list)
        self.days_off: dict[int, list[DaysOff]] = defaultdict(list)
        self.busy: dict[int, list[Span]] = defaultdict(list)
        self.sessions: dict[int, list[dt.datetime]] = defaultdict(list)
        self.elsewhere: dict[int | None, list[Span]] = defaultdict(list)
        start, end = start - MARGIN, end + MARGIN
        ids = [mentor.pk for mentor in mentors]
        self._read_hours(ids, start.date(), end.date())
        people = {mentor.user_id for mentor in mentors} | {self.viewer_id or NO_ROW}
        self._read_busy(ids, people, start, end, ignoring.pk if ignoring else NO_ROW)

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
            mentor=self.busy[mentor.pk],
            people=self.elsewhere[mentor.user_id] + self.elsewhere[self.viewer_id],
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

    def _read_hours(self, mentors: Collection[int], first: dt.date, last: dt.date) -> None:
        days = {"first": first, "last": last}
        for mentor_id, start_minute, end_minute, weekday, day, last_day in _rows(
            HOURS, days, mentors=mentors
        ):
            if last_day is not None:
                self.days_off[mentor_id].append(DaysOff(_day(day), _day(last_day)))
                continue
            date = None if day is None else _day(day)
            self.windows[mentor_id].append(Window(start_minute, end_minute, weekday, date))

    def _read_busy(
        self,
        mentors: Collection[int],
        people: Collection[int],
        start: dt.datetime,
        end: dt.datetime,
        ignoring: int,
    ) -> None:
        adapt = connection.ops.adapt_datetimefield_value
        values = {
            "start": adapt(start),
            "longest_before": adapt(start - LONGEST_SESSION),
            "end": adapt(end),
            "viewer": self.viewer_id or NO_ROW,
            "ignoring": ignoring,
            "person": PERSON,
            "scheduled": GroupSession.Status.SCHEDULED,
        }
        for kind, owner_id, begins, starts, ends in _rows(
            BUSY, values, mentors=mentors, people=people, holding=Booking.HOLDS_TIME
        ):
            span = read_instant(starts), read_instant(ends)
            if kind == PERSON:
                self.elsewhere[owner_id].append(span)
                continue
            self.busy[owner_id].append(span)
            if kind in SESSIONS:
                self.sessions[owner_id].append(read_instant(begins))

    def _full_days(self, mentor: MentorProfile) -> frozenset[dt.date]:
        if mentor.daily_cap is None:
            return frozenset()
        a_day = Counter(local_day(start, mentor.zone) for start in self.sessions[mentor.pk])
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


def _rows(
    statement: str, values: dict[str, Any], **lists: Iterable[int | str]
) -> list[tuple[Any, ...]]:
    """What the statement finds; `{name}` in it stands for the placeholders of that list."""
    places = {}
    for name, members in lists.items():
        named = {f"{name}_{number}": member for number, member in enumerate(members)}
        places[name] = ", ".join(f"%({key})s" for key in named)
        values |= named
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**places), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _day(value: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
