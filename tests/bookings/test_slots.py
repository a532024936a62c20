"""Free slots against a minute-by-minute reading of the rules, on the days that clocks change."""

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.slots import DaysOff, Rules, Slot, Taken, Window, free_slots

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
# A zone, and a day on which its clock does something (or not).
DAYS = [
    ("Europe/Berlin", dt.date(2026, 3, 29)),
    ("Europe/Berlin", dt.date(2026, 10, 25)),
    ("America/New_York", dt.date(2026, 3, 8)),
    ("America/New_York", dt.date(2026, 11, 1)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5)),
    ("Australia/Lord_Howe", dt.date(2026, 10, 4)),
    ("Asia/Kathmandu", dt.date(2026, 6, 1)),
    ("Pacific/Apia", dt.date(2011, 12, 30)),  # the day that Samoa left out
    ("Africa/Casablanca", dt.date(2026, 2, 15)),
    ("Africa/Casablanca", dt.date(2026, 3, 22)),
    ("Asia/Beirut", dt.date(2026, 3, 29)),  # midnight doesn't exist
    ("America/Havana", dt.date(2026, 11, 1)),  # midnight to one o'clock occurs twice
    ("America/Toronto", dt.date(1987, 10, 25)),  # one minute past midnight became 23:01 again
    ("UTC", dt.date(2026, 6, 1)),
]
ALWAYS = [Window(0, 1440, weekday=day) for day in range(7)]


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def oracle(rules, *, start, end, duration_minutes, now, taken):
    """The same slots, by asking the wall clock about every single minute."""
    length = duration_minutes * MINUTE
    opened, origin = {}, {}
    minute = start - dt.timedelta(days=2)
    while minute < end + length:
        local = minute.astimezone(rules.zone)
        day, of_day = local.date(), local.hour * 60 + local.minute
        is_open = any(
            window.start_minute <= of_day < window.end_minute
            and (window.date == day if window.date else window.weekday == day.weekday())
            for window in rules.windows
        ) and not any(off.first_day <= day <= off.last_day for off in rules.days_off)
        if is_open:
            opened[minute] = day
            goes_on = opened.get(minute - MINUTE) == day
            origin[minute] = origin[minute - MINUTE] if goes_on else minute
        minute += MINUTE

    def is_free(begin):
        finish = begin + length
        return (
            (begin - origin[begin]) % (rules.step_minutes * MINUTE) == dt.timedelta()
            and all(begin + n * MINUTE in opened for n in range(duration_minutes))
            and now + rules.notice <= begin <= now + rules.horizon
            and not any(
                begin - rules.buffer_before < busy_end and finish + rules.buffer_after > busy_start
                for busy_start, busy_end in taken.mentor
            )
            and not any(begin < until and finish > since for since, until in taken.people)
            and opened[begin] not in taken.full_days
        )

    return [
        Slot(begin, begin + length)
        for begin in sorted(opened)
        if start <= begin < end and is_free(begin)
    ]


def minutes_of_day(steps=5):
    return st.integers(0, 1440 // steps).map(lambda n: n * steps)


@st.composite
def windows_near(draw, day):
    start, end = sorted(draw(st.tuples(minutes_of_day(), minutes_of_day())))
    end = max(end, start + 5)
    if end > 1440:
        start, end = 1435, 1440
    near = day + dt.timedelta(days=draw(st.integers(-1, 1)))
    if draw(st.booleans()):
        return Window(start, end, date=near)
    return Window(start, end, weekday=near.weekday())


@st.composite
def spans_near(draw, day):
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    since = midnight + draw(st.integers(-24 * 60, 48 * 60)) * MINUTE
    return since, since + draw(st.integers(1, 300)) * MINUTE


@st.composite
def questions(draw):
    zone, day = draw(st.sampled_from(DAYS))
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    minutes = st.integers(0, 60).map(lambda n: n * MINUTE)
    rules = Rules(
        zone=ZoneInfo(zone),
        windows=draw(st.one_of(st.just(ALWAYS), st.lists(windows_near(day), max_size=6))),
        days_off=draw(st.lists(st.just(DaysOff(day, day)), max_size=1))
        if draw(st.integers(0, 4)) == 0
        else [],
        step_minutes=draw(st.sampled_from([5, 10, 15, 30, 50, 60, 180])),
        notice=draw(st.integers(0, 600)) * MINUTE,
        horizon=draw(st.integers(1, 72)) * HOUR,
        buffer_before=draw(minutes),
        buffer_after=draw(minutes),
    )
    start = midnight + draw(st.integers(-20 * 60, 30 * 60)) * MINUTE
    return rules, {
        "start": start,
        "end": start + draw(st.integers(1, 20 * 60)) * MINUTE,
        "duration_minutes": draw(st.sampled_from([15, 30, 45, 60, 90, 180])),
        "now": midnight + draw(st.integers(-40 * 60, 0)) * MINUTE,
        "taken": Taken(
            mentor=draw(st.lists(spans_near(day), max_size=5)),
            people=draw(st.lists(spans_near(day), max_size=3)),
            full_days=draw(st.frozensets(st.just(day), max_size=1)),
        ),
    }


@given(questions())
def test_slots_are_those_of_the_wall_clock(question):
    rules, asked = question
    assert list(free_slots(rules, **asked)) == oracle(rules, **asked)


@given(questions(), st.data())
def test_splitting_a_window_changes_nothing(question, data):
    rules, asked = question
    split = []
    for window in rules.windows:
        middle = data.draw(st.integers(window.start_minute, window.end_minute))
        for start, end in ((window.start_minute, middle), (middle, window.end_minute)):
            if start < end:
                split.append(dataclasses.replace(window, start_minute=start, end_minute=end))
    halves = dataclasses.replace(rules, windows=split)
    assert list(free_slots(halves, **asked)) == list(free_slots(rules, **asked))


@given(questions(), st.floats(0, 1))
def test_the_grid_does_not_depend_on_what_is_asked_for(question, part):
    rules, asked = question
    middle = asked["start"] + (asked["end"] - asked["start"]) * part
    halves = [
        *free_slots(rules, **asked | {"end": middle}),
        *free_slots(rules, **asked | {"start": middle}),
    ]
    assert halves == list(free_slots(rules, **asked))


def wall(rules, start, end, minutes=30, **kwargs):
    now = kwargs.pop("now", None) or start - dt.timedelta(days=1)
    found = free_slots(rules, start=start, end=end, duration_minutes=minutes, now=now, **kwargs)
    return [slot.starts_at.astimezone(rules.zone).strftime("%H:%M%z") for slot in found]


def test_a_weekly_hour_stays_on_the_wall():
    rules = Rules(
        ZoneInfo("Europe/Berlin"), [Window(18 * 60, 19 * 60, weekday=d) for d in range(7)]
    )
    found = free_slots(
        rules,
        start=utc(2026, 3, 28),
        end=utc(2026, 3, 30),
        duration_minutes=60,
        now=utc(2026, 3, 1),
    )
    assert [slot.starts_at for slot in found] == [utc(2026, 3, 28, 17), utc(2026, 3, 29, 16)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((1 * 60, 4 * 60), ["01:00+0100", "01:30+0100", "03:00+0200", "03:30+0200"]),
        ((2 * 60 + 30, 4 * 60), ["03:00+0200", "03:30+0200"]),
        ((1 * 60, 2 * 60 + 30), ["01:00+0100", "01:30+0100"]),
        ((2 * 60, 3 * 60), []),
    ],
)
def test_a_time_that_does_not_exist_is_never_offered(window, expected):
    rules = Rules(ZoneInfo("Europe/Berlin"), [Window(*window, date=dt.date(2026, 3, 29))])
    assert wall(rules, utc(2026, 3, 28), utc(2026, 3, 30)) == expected


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((2 * 60, 3 * 60), ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]),
        # Between the two 02:30s the wall shows times outside these windows.
        ((2 * 60 + 30, 3 * 60 + 30), ["02:30+0200", "02:30+0100", "03:00+0100"]),
        ((1 * 60 + 30, 2 * 60 + 30), ["01:30+0200", "02:00+0200", "02:00+0100"]),
    ],
)
def test_a_time_that_occurs_twice_is_two_slots(window, expected):
    rules = Rules(ZoneInfo("Europe/Berlin"), [Window(*window, date=dt.date(2026, 10, 25))])
    assert wall(rules, utc(2026, 10, 24), utc(2026, 10, 26)) == expected


def test_an_hour_goes_over_midnight_where_both_days_are_open():
    rules = Rules(ZoneInfo("UTC"), ALWAYS)
    late = (utc(2026, 6, 1, 23), utc(2026, 6, 2, 0, 1))
    assert wall(rules, *late, minutes=60) == ["23:00+0000", "23:30+0000", "00:00+0000"]
    rules = dataclasses.replace(rules, windows=ALWAYS[:1])  # the first of June is a Monday
    assert wall(rules, *late, minutes=60) == ["23:00+0000"]


def test_a_dated_window_adds_to_the_weekly_ones_and_days_off_take_both():
    rules = Rules(
        ZoneInfo("UTC"),
        [Window(9 * 60, 10 * 60, weekday=0), Window(10 * 60, 11 * 60, date=dt.date(2026, 6, 1))],
    )
    day = (utc(2026, 6, 1), utc(2026, 6, 2))
    assert wall(rules, *day, minutes=60) == ["09:00+0000", "09:30+0000", "10:00+0000"]
    off = dataclasses.replace(rules, days_off=[DaysOff(dt.date(2026, 5, 1), dt.date(2026, 6, 1))])
    assert wall(off, *day) == []


def test_buffers_keep_clear_of_the_mentors_time_and_not_of_the_viewers():
    rules = Rules(ZoneInfo("UTC"), ALWAYS, buffer_before=15 * MINUTE, buffer_after=15 * MINUTE)
    day = (utc(2026, 6, 1, 8), utc(2026, 6, 1, 12))
    busy = [(utc(2026, 6, 1, 9), utc(2026, 6, 1, 10))]
    clear = wall(rules, *day, minutes=60, taken=Taken(mentor=busy))
    assert clear == ["10:30+0000", "11:00+0000", "11:30+0000"]
    clear = wall(rules, *day, minutes=60, taken=Taken(people=busy))
    assert clear[:2] == ["08:00+0000", "10:00+0000"]


def test_notice_and_horizon_are_measured_from_now():
    rules = Rules(ZoneInfo("UTC"), ALWAYS, notice=HOUR, horizon=2 * HOUR)
    day = (utc(2026, 6, 1), utc(2026, 6, 2))
    assert wall(rules, *day, now=utc(2026, 6, 1, 8)) == ["09:00+0000", "09:30+0000", "10:00+0000"]


def test_a_long_question_is_cut_to_the_horizon_before_any_work():
    rules = Rules(
        ZoneInfo("UTC"), ALWAYS, horizon=HOUR, days_off=[DaysOff(dt.date.min, dt.date(2020, 1, 1))]
    )
    ever = (dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC))
    assert len(wall(rules, ever[0], ever[1], now=utc(2026, 6, 1))) == 3
