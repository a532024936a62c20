"""What finding slots costs, in work that can be counted: no clock is asked."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bookings.slots import Rules, Taken, Window, free_slots

MINUTE, HOUR, DAY = (dt.timedelta(**{unit: 1}) for unit in ("minutes", "hours", "days"))
FIRST = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ALWAYS = [Window(0, 1440, weekday=day) for day in range(7)]


class CountedZone(dt.tzinfo):
    """Berlin's clock, and how often it was asked."""

    def __init__(self):
        self.zone, self.asked = ZoneInfo("Europe/Berlin"), 0

    def utcoffset(self, when):
        self.asked += 1
        return self.zone.utcoffset(when)

    def dst(self, when):
        return self.zone.dst(when)

    def fromutc(self, when):
        self.asked += 1
        return self.zone.fromutc(when.replace(tzinfo=self.zone)).replace(tzinfo=self)


def zone_asked(days, bookings=(), full_days=()):
    zone = CountedZone()
    rules = Rules(zone, ALWAYS, step_minutes=5, horizon=400 * DAY)
    taken = Taken(mentor=bookings, full_days=frozenset(full_days))
    end = FIRST + days * DAY
    found = list(
        free_slots(rules, start=FIRST, end=end, duration_minutes=15, now=FIRST, taken=taken)
    )
    assert len(found) > 10 * days
    return zone.asked


def hourly(count, first=FIRST):
    return [(first + n * HOUR, first + n * HOUR + 20 * MINUTE) for n in range(count)]


def test_the_zone_is_asked_by_the_day_and_not_by_the_slot_or_the_booking():
    a_week = zone_asked(7)
    assert a_week <= 4 * (7 + 4)
    assert zone_asked(7, hourly(100)) == a_week
    assert zone_asked(7, hourly(10_000, FIRST - 5000 * HOUR)) == a_week
    assert zone_asked(7, full_days=[FIRST.date()]) == a_week
    assert zone_asked(365) <= 4 * (365 + 4)


def counting(name):
    def operation(self, other):
        Counted.done += 1
        return getattr(dt.datetime, name)(self, other)

    return operation


class Counted(dt.datetime):
    """An instant that counts what is done with it."""

    done = 0
    __lt__, __le__, __gt__, __ge__ = map(counting, ["__lt__", "__le__", "__gt__", "__ge__"])
    __add__, __sub__ = map(counting, ["__add__", "__sub__"])
    __hash__ = dt.datetime.__hash__


def done_with(count, *, first, asked_hours):
    """The work with `count` busy spans, one an hour, from `first` on."""
    Counted.done = 0
    start = Counted(first.year, first.month, first.day, tzinfo=dt.UTC)
    busy = [(start + n * HOUR, start + n * HOUR + 20 * MINUTE) for n in range(count)]
    rules = Rules(ZoneInfo("UTC"), ALWAYS, horizon=400 * DAY)
    Counted.done = 0
    end = FIRST + asked_hours * HOUR
    taken = Taken(mentor=busy)
    assert list(
        free_slots(rules, start=FIRST, end=end, duration_minutes=30, now=FIRST, taken=taken)
    )
    return Counted.done


def test_ten_times_the_bookings_are_ten_times_the_work_and_not_a_hundred_times():
    a_little, much = (done_with(count, first=FIRST, asked_hours=count) for count in (200, 2000))
    assert a_little > 200
    assert much < a_little * 15


@pytest.mark.parametrize("first", [FIRST - 300 * DAY, FIRST + 30 * DAY])
def test_what_lies_outside_is_looked_at_and_left(first):
    assert done_with(2000, first=first, asked_hours=7 * 24) <= 2 * 2000
