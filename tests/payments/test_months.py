"""The months of a paid period."""

import datetime as dt
import itertools

import pytest

from payments.models import Interval
from payments.months import later, months_of


def at(*day: int) -> dt.datetime:
    return dt.datetime(*day, 15, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        (at(2026, 1, 31), 1, at(2026, 2, 28)),
        (at(2026, 1, 31), 2, at(2026, 3, 31)),
        (at(2024, 1, 31), 1, at(2024, 2, 29)),
        (at(2026, 11, 26), 3, at(2027, 2, 26)),
        (at(2026, 12, 1), 12, at(2027, 12, 1)),
    ],
)
def test_the_same_day_of_a_later_month(start, months, wanted):
    assert later(start, months) == wanted


@pytest.mark.parametrize(
    ("interval", "count"), [(Interval.MONTHLY, 1), (Interval.QUARTERLY, 3), (Interval.ANNUAL, 12)]
)
def test_months_follow_each_other_and_fill_the_period(interval, count):
    start = at(2026, 1, 31)
    end = later(start, count)
    months = months_of(start, end, interval)
    assert len(months) == count
    assert months[0][0] == start
    assert months[-1][1] == end
    assert all(before[1] == after[0] for before, after in itertools.pairwise(months))


def test_a_period_that_was_cut_short_has_fewer_months():
    start = at(2026, 3, 10)
    assert months_of(start, at(2026, 4, 20), Interval.QUARTERLY) == [
        (start, at(2026, 4, 10)),
        (at(2026, 4, 10), at(2026, 4, 20)),
    ]
