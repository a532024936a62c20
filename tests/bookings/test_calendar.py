"""What is offered, and what may be booked, as the rows stand."""

import datetime as dt
import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings import calendar, diaries
from bookings.models import Booking, CalendarEntry
from mentormatch.errors import Conflict, InvalidInput
from tests import factories
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
TOMORROW_NINE = NOW + DAY - HOUR  # nine o'clock in Berlin


@pytest.fixture
def mentor(now):
    mentor = factories.MentorFactory()
    factories.open_every_day(mentor)
    return mentor


def starts(mentor, start=NOW, end=NOW + 2 * DAY, minutes=60, kind="one_on_one", **kwargs):
    found = calendar.offered(
        mentor,
        start=start,
        end=end,
        duration_minutes=minutes,
        session_type=kind,
        now=NOW,
        **kwargs,
    )
    return [slot.starts_at for slot in found]


def check(mentor, starts_at=TOMORROW_NINE, minutes=60, kind="one_on_one", **kwargs):
    calendar.check_offered(
        mentor,
        starts_at=starts_at,
        duration_minutes=minutes,
        session_type=kind,
        now=NOW,
        **kwargs,
    )


def test_a_live_entry_takes_its_time_and_a_cancelled_one_none(mentor):
    assert TOMORROW_NINE in starts(mentor)
    booking = factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE)
    assert TOMORROW_NINE not in starts(mentor)
    assert TOMORROW_NINE in starts(mentor, ignoring=booking)
    CalendarEntry.objects.update(is_live=False)
    Booking.objects.update(status=Booking.Status.CANCELLED)
    assert TOMORROW_NINE in starts(mentor)


@pytest.mark.parametrize("role", ["mentee", "mentor"])
def test_a_viewer_is_not_offered_times_at_which_they_take_part_elsewhere(mentor, role):
    booking = factories.BookingFactory(starts_at=TOMORROW_NINE)
    viewer = booking.mentee if role == "mentee" else booking.mentor.user
    assert TOMORROW_NINE in starts(mentor)
    assert TOMORROW_NINE not in starts(mentor, viewer=viewer)
    assert TOMORROW_NINE + HOUR in starts(mentor, viewer=viewer)


def test_a_mentor_who_is_a_mentee_elsewhere_is_not_offered_then(mentor):
    factories.BookingFactory(mentee=mentor.user, starts_at=TOMORROW_NINE)
    assert TOMORROW_NINE not in starts(mentor)
    assert calendar.next_slots([mentor], now=NOW)[mentor.pk] == NOW + HOUR


def test_the_daily_cap_counts_the_sessions_of_the_mentors_day(mentor):
    mentor.daily_cap = 1
    factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE)
    factories.CalendarEntryFactory(
        mentor=mentor, kind=CalendarEntry.Kind.EXTERNAL, starts_at=NOW + 5 * HOUR
    )
    days = {start.date() for start in starts(mentor, end=NOW + 3 * DAY)}
    assert days == {NOW.date(), NOW.date() + 2 * DAY, NOW.date() + 3 * DAY}


def test_buffers_stand_between_two_sessions(mentor):
    mentor.buffer_before_minutes = mentor.buffer_after_minutes = 30
    mentor.save()
    factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE + 3 * HOUR)
    assert starts(mentor, TOMORROW_NINE, TOMORROW_NINE + 6 * HOUR) == [
        TOMORROW_NINE, TOMORROW_NINE + HOUR / 2, TOMORROW_NINE + HOUR,
        TOMORROW_NINE + 5 * HOUR, TOMORROW_NINE + 5.5 * HOUR,
    ]  # fmt: skip


def test_a_trial_has_its_own_length_and_may_not_be_offered(mentor):
    assert starts(mentor, minutes=30, kind="trial")
    assert not starts(mentor, minutes=60, kind="trial")
    mentor.trial_rate_minor = None
    assert not starts(mentor, minutes=30, kind="trial")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"minutes": 45}, "length_not_offered"),
        ({"kind": "group"}, "length_not_offered"),
        ({"starts_at": NOW - HOUR}, "in_the_past"),
        ({"starts_at": NOW + HOUR / 2}, "too_soon"),
        ({"starts_at": NOW + 61 * DAY}, "too_far"),
        ({"starts_at": dt.datetime.max.replace(tzinfo=dt.UTC)}, "too_far"),
    ],
)
def test_what_can_never_be_right_is_invalid(mentor, change, code):
    with pytest.raises(InvalidInput) as refused:
        check(mentor, **change)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "starts_at", "code"),
    [
        ({}, TOMORROW_NINE + dt.timedelta(minutes=7), "slot_unavailable"),
        ({}, TOMORROW_NINE - HOUR, "slot_unavailable"),
        ({"is_payable": False}, TOMORROW_NINE, "not_payable"),
        ({"currency": "gbp"}, TOMORROW_NINE, "not_payable"),
        ({"status": "suspended"}, TOMORROW_NINE, "slot_unavailable"),
    ],
)
def test_what_is_not_as_things_stand_is_a_conflict(mentor, change, starts_at, code):
    for name, value in change.items():
        setattr(mentor, name, value)
    with pytest.raises(Conflict) as refused:
        check(mentor, starts_at=starts_at)
    assert refused.value.code == code


def test_a_free_session_needs_no_payments(mentor):
    mentor.is_payable = False
    check(mentor, minutes=30, kind="trial")
    mentor.hourly_rate_minor = 0
    check(mentor)


def test_a_taken_time_is_refused_but_for_the_booking_that_moves(mentor):
    booking = factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE)
    with pytest.raises(Conflict):
        check(mentor)
    check(mentor, ignoring=booking)
    check(mentor, starts_at=TOMORROW_NINE + HOUR / 2, ignoring=booking, viewer=booking.mentee)


def test_nearest_gives_the_closest_ones_in_order(mentor):
    factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE + 2 * HOUR)
    found = calendar.nearest(
        mentor,
        around=TOMORROW_NINE + 2 * HOUR,
        duration_minutes=60,
        session_type="one_on_one",
        now=NOW,
    )
    assert [slot.starts_at - TOMORROW_NINE for slot in found] == [HOUR / 2, HOUR, 3 * HOUR]


def test_nearest_looks_as_far_as_the_horizon(now):
    mentor = factories.MentorFactory()
    factories.AvailabilityFactory(mentor=mentor, date=(NOW + 40 * DAY).date())
    found = calendar.nearest(
        mentor, around=NOW, duration_minutes=60, session_type="one_on_one", now=NOW, count=1
    )
    assert found[0].starts_at == NOW + 40 * DAY - HOUR


def test_next_slots_skips_what_cannot_be_sold(mentor):
    free = factories.MentorFactory(is_payable=False)
    unsold = factories.MentorFactory(is_payable=False, trial_rate_minor=None)
    closed = factories.MentorFactory()
    for each in (free, unsold):
        factories.open_every_day(each)
    assert calendar.next_slots([mentor, free, unsold, closed], now=NOW) == {
        mentor.pk: NOW + HOUR, free.pk: NOW + HOUR, unsold.pk: None, closed.pk: None,
    }  # fmt: skip
    assert calendar.next_slots([], now=NOW) == {}


def test_queries_do_not_follow_the_rows(mentor, django_assert_num_queries):
    others = factories.MentorFactory.create_batch(2)
    for number in range(3):
        factories.BookingFactory(mentor=mentor, starts_at=TOMORROW_NINE + number * HOUR)
    factories.TimeOffFactory(mentor=mentor, first_day=dt.date(2026, 6, 20))
    with django_assert_num_queries(2):
        starts(mentor, end=NOW + 30 * DAY, viewer=others[0].user)
    with django_assert_num_queries(2):
        calendar.next_slots([mentor], now=NOW)
    with django_assert_num_queries(2):
        calendar.next_slots([mentor, *others], now=NOW)


def book_hourly(mentor, first, count):
    for number in range(count):
        factories.BookingFactory(mentor=mentor, starts_at=first + number * HOUR)


def test_rows_outside_the_days_asked_for_are_not_read(mentor, monkeypatch):
    read = []

    def counting(*args, **lists):
        read.append(rows(*args, **lists))
        return read[-1]

    rows = diaries._rows
    monkeypatch.setattr(diaries, "_rows", counting)
    book_hourly(mentor, TOMORROW_NINE, 3)
    before = starts(mentor, viewer=mentor.user)
    assert [len(found) for found in read] == [7, 6]  # windows; entries, and the same bookings
    book_hourly(mentor, NOW - 20 * DAY, 20)
    book_hourly(mentor, NOW + 20 * DAY, 20)
    assert starts(mentor, viewer=mentor.user) == before
    assert [len(found) for found in read[2:]] == [7, 6]


def plan_of(statement):
    with connection.cursor() as cursor:
        if not settings.IS_POSTGRES:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            return "\n".join(row[-1] for row in cursor.fetchall())
        # So few rows are read faster without an index: what counts is that there is one.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_an_index_bounds_what_is_read_on_both_sides(mentor):
    with CaptureQueriesContext(connection) as queries:
        starts(mentor, viewer=mentor.user)
    hours, busy = (plan_of(query["sql"]) for query in queries)
    assert not re.search(r"scan (bookings|[a-z]\b)|seq scan", hours + busy, re.IGNORECASE)
    if settings.IS_POSTGRES:
        assert re.search(r"bookings_entry_live .*\n.*starts_at >= .*starts_at < ", busy)
    else:
        both = r"_id=\? AND starts_at>\? AND starts_at<\?"
        assert len(re.findall(both, busy)) == 4


def test_an_entry_that_began_long_before_still_takes_its_time(mentor):
    other = factories.MentorFactory()
    factories.open_every_day(other)
    for each, until in ((mentor, TOMORROW_NINE + HOUR), (other, TOMORROW_NINE + 2 * HOUR)):
        factories.CalendarEntryFactory(
            mentor=each,
            kind=CalendarEntry.Kind.EXTERNAL,
            starts_at=NOW - 30 * DAY,
            ends_at=until,
        )
        assert starts(each)[0] == until
    assert calendar.next_slots([mentor, other], now=NOW) == {
        mentor.pk: TOMORROW_NINE + HOUR, other.pk: TOMORROW_NINE + 2 * HOUR,
    }  # fmt: skip


@pytest.mark.parametrize("days", [1, 7, 31])
def test_a_day_costs_the_queries_of_a_month(mentor, days, django_assert_num_queries):
    book_hourly(mentor, TOMORROW_NINE, days)
    with django_assert_num_queries(2):
        assert starts(mentor, end=NOW + days * DAY, viewer=mentor.user)
