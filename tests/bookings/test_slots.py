"""Free slots by example, and what never changes them; `test_slots_oracle.py` has the rest."""

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.slots import DaysOff, Rules, Taken, Window, free_slots
from tests.bookings.slots_oracle import ALWAYS, HOUR, MINUTE, questions


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


@given(questions(), st.data())
def test_splitting_a_window_changes_nothing(question, data):
    _instant, rules, asked = question
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
    _instant, rules, asked = question
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
