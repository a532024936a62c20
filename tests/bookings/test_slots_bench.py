"""The measurements of `scripts/bench_slots.py` measure something, and leave nothing behind."""

import pytest

from bookings.models import Booking, CalendarEntry
from mentormatch.accounts.models import User
from scripts import bench_slots


@pytest.mark.django_db
def test_growth_is_measured_on_rows_that_go_away(monkeypatch):
    monkeypatch.setattr(bench_slots, "FEW", 10)
    monkeypatch.setattr(bench_slots, "MANY", 40)
    what, grown, bound = bench_slots.measure_growth(rounds=2)
    assert "40 bookings beside 10" in what
    assert grown > 0
    assert bound == 1.5
    for model in (Booking, CalendarEntry, User):
        assert not model.objects.exists()


def test_the_question_of_a_year_has_a_years_slots():
    week, year = (bench_slots._question(days, 10)() for days in (7, 365))
    assert len(week) > 7 * 40
    assert len(year) > 365 * 40
    assert (year[-1].starts_at - year[0].starts_at).days == 364
