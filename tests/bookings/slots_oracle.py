"""Free slots by asking the wall clock about every minute, and questions worth asking it.

Nothing here uses the code under test but its data classes.
"""

import datetime as dt
from bisect import bisect_left
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bookings.slots import DaysOff, Rules, Slot, Taken, Window

MINUTE, HOUR, DAY = (dt.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
WEEK = 7 * DAY
ALWAYS = [Window(0, 1440, weekday=day) for day in range(7)]
# Whole hours, half hours and three quarters; north, south, and places that changed their mind.
ZONES = """
    Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Nairobi America/Argentina/Buenos_Aires
    America/Asuncion America/Caracas America/Guyana America/Halifax America/Havana
    America/Los_Angeles America/Mexico_City America/New_York America/Nuuk America/Santiago
    America/Sao_Paulo America/St_Johns America/Toronto Antarctica/Troll Asia/Amman Asia/Beirut
    Asia/Colombo Asia/Dhaka Asia/Gaza Asia/Jerusalem Asia/Kabul Asia/Kathmandu Asia/Kolkata
    Asia/Pyongyang Asia/Singapore Asia/Tehran Asia/Tokyo Asia/Yangon Atlantic/Azores
    Australia/Adelaide Australia/Darwin Australia/Eucla Australia/Lord_Howe Australia/Sydney
    Europe/Berlin Europe/Dublin Europe/Istanbul Europe/London Europe/Moscow Pacific/Apia
    Pacific/Auckland Pacific/Chatham Pacific/Easter Pacific/Kiritimati Pacific/Kwajalein
    Pacific/Marquesas Pacific/Rarotonga UTC
""".split()
YEARS = (1974, 2038)
KINDS = (
    "plain", "gap", "overlap", "midnight gap", "midnight overlap", "30 minutes", "45 minutes",
    "a day left out",
)  # fmt: skip


def oracle(rules, *, start, end, duration_minutes, now, taken):
    """The slots of these rules."""
    length = duration_minutes * MINUTE
    # A day's opening may have begun 25 hours ago: its steps are counted from there.
    opened = _open_minutes(rules, start - 26 * HOUR, end + length)
    step, since_opening = rules.step_minutes, {}
    for minute, day in opened.items():
        goes_on = opened.get(minute - MINUTE) == day
        since_opening[minute] = since_opening[minute - MINUTE] + 1 if goes_on else 0

    def is_free(begin):
        finish = begin + length
        return (
            now + rules.notice <= begin <= now + rules.horizon
            and opened[begin] not in taken.full_days
            and not any(
                begin - rules.buffer_before < busy_end and finish + rules.buffer_after > busy_start
                for busy_start, busy_end in taken.mentor
            )
            and not any(begin < until and finish > since for since, until in taken.people)
            and all(begin + n * MINUTE in opened for n in range(duration_minutes))
        )

    return [
        Slot(begin, begin + length)
        for begin, minutes in since_opening.items()
        if start <= begin < end and minutes % step == 0 and is_free(begin)
    ]


def _open_minutes(rules, minute, end):
    """Each minute at which the mentor is open, soonest first, with the day on their wall."""
    on_the_wall, opened = {}, {}
    while minute < end:
        local = minute.astimezone(rules.zone)
        day = local.date()
        if day not in on_the_wall:
            on_the_wall[day] = _open_minutes_of(rules, day)
        if local.hour * 60 + local.minute in on_the_wall[day]:
            opened[minute] = day
        minute += MINUTE
    return opened


def _open_minutes_of(rules, day):
    """The minutes that the clock shows while the mentor is open on that day."""
    if any(off.first_day <= day <= off.last_day for off in rules.days_off):
        return set()
    return {
        minute
        for window in rules.windows
        if (window.date == day if window.date else window.weekday == day.weekday())
        for minute in range(window.start_minute, window.end_minute)
    }


def instant_of(day, minute, zone):
    """When the clock shows that minute of the day, as `zoneinfo` reads it: the first time."""
    wall = dt.datetime.combine(day, dt.time(), zone) + minute * MINUTE
    return wall.astimezone(dt.UTC)


@cache
def transitions(zone_name):
    """The instants at which that zone's clock was changed, and by how much."""
    zone = ZoneInfo(zone_name)

    def offset(instant):
        return instant.astimezone(zone).utcoffset()

    first, last = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in YEARS)
    weeks = [first + n * WEEK for n in range((last - first) // WEEK)]
    offsets = [offset(instant) for instant in weeks]
    found = []
    for week, before, after in zip(weeks, offsets, offsets[1:], strict=False):
        if before != after:
            minutes = range(WEEK // MINUTE)
            turned = bisect_left(minutes, 1, key=lambda n: offset(week + n * MINUTE) != before)
            found.append((week + turned * MINUTE, after - before))
    return found


def kinds_of(zone_name, turn, change):
    """What a change of the clock is an example of."""
    after = turn.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None)
    # What is left out of the wall calendar, or occurs twice: from `earlier` until `later`.
    earlier, later = sorted((after - change, after))
    midnight = dt.datetime.combine(later, dt.time())
    is_gap = change > dt.timedelta()
    yield "gap" if is_gap else "overlap"
    if is_gap and earlier <= midnight < later:
        yield "midnight gap"
    if not is_gap and earlier <= midnight <= later:
        yield "midnight overlap"
    if abs(change) >= 23 * HOUR:
        yield "a day left out"
    for minutes in (30, 45):
        if abs(change) == minutes * MINUTE:
            yield f"{minutes} minutes"


@cache
def examples(zone):
    """That zone's instants of each kind that it has; any noon is plain."""
    found = {}
    for turn, change in transitions(zone):
        for kind in kinds_of(zone, turn, change):
            found.setdefault(kind, []).append(turn)
    noon = dt.datetime(1990, 1, 1, 12, tzinfo=dt.UTC)
    return found | {"plain": [noon + n * 97 * DAY for n in range(150)]}


@cache
def places():
    """Every zone with every kind that it has."""
    return [(zone, kind) for zone in ZONES for kind in examples(zone)]


@st.composite
def windows_near(draw, day, of_day):
    """A window about that day, with its edges anywhere, at midnight, or about that minute."""
    anywhere = st.integers(0, 288).map(lambda n: n * 5)
    about = st.integers(-12, 12).map(lambda n: min(max(of_day + n * 5, 0), 1440))
    edges = st.one_of(anywhere, about, st.sampled_from([0, 1440]))
    start, end = sorted(draw(st.tuples(edges, edges).filter(lambda pair: pair[0] != pair[1])))
    near = day + draw(st.sampled_from([0, 0, 0, -1, 1])) * DAY
    return Window(
        start, end, **draw(st.sampled_from([{"date": near}, {"weekday": near.weekday()}]))
    )


@st.composite
def spans_near(draw, instant):
    since = instant + draw(st.integers(-14 * 60, 8 * 60)) * MINUTE
    return since, since + draw(st.integers(1, 120)) * MINUTE


@st.composite
def taken_near(draw, zone, instant):
    day = instant.astimezone(ZoneInfo(zone)).date()
    full_days = st.integers(-1, 1).map(lambda n: frozenset([day + n * DAY]))
    return Taken(
        mentor=draw(st.lists(spans_near(instant), max_size=4)),
        people=draw(st.lists(spans_near(instant), max_size=2)),
        full_days=draw(full_days) if draw(st.integers(0, 3)) == 3 else frozenset(),
    )


@st.composite
def rules_near(draw, zone, instant):
    local = instant.astimezone(ZoneInfo(zone))
    day, of_day = local.date(), local.hour * 60 + local.minute
    buffers = st.sampled_from([0, 5, 15, 30, 60]).map(lambda minutes: minutes * MINUTE)
    days_off = st.integers(-1, 1).map(lambda n: [DaysOff(day + n * DAY, day + n * DAY)])
    windows = st.lists(windows_near(day, of_day), min_size=1, max_size=5)
    return Rules(
        zone=ZoneInfo(zone),
        windows=draw(windows) if draw(st.integers(0, 2)) else ALWAYS,
        days_off=draw(days_off) if draw(st.integers(0, 3)) == 3 else [],
        step_minutes=draw(st.sampled_from([5, 10, 15, 30, 50, 60, 180])),
        notice=draw(st.sampled_from([0, 0, 7, 30, 120, 600])) * MINUTE,
        horizon=draw(st.sampled_from([5, 12, 24, 48, 1440, 1440])) * HOUR,
        buffer_before=draw(buffers),
        buffer_after=draw(buffers),
    )


@st.composite
def questions(draw, place=None):
    """The instant it is about, the rules of a mentor, and what is asked of `free_slots`.

    Of one place, or of any. The simplest is an hour and a half about the instant.
    """
    zone, kind = place or draw(st.sampled_from(places()))
    instant = draw(st.sampled_from(examples(zone)[kind]))
    start = instant - draw(st.integers(30, 8 * 60)) * MINUTE
    asked = {
        "start": start,
        "end": start + draw(st.integers(90, 12 * 60)) * MINUTE,
        "duration_minutes": draw(st.sampled_from([15, 30, 45, 60, 90, 180])),
        "now": start - draw(st.integers(-2 * 60, 15 * 60)) * MINUTE,
        "taken": draw(taken_near(zone, instant)),
    }
    return instant, draw(rules_near(zone, instant)), asked
