"""The guards stand on both engines, and come back after SQLite's tables are remade."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from bookings import guards
from bookings.models import Booking, CalendarEntry
from mentormatch.background import readiness
from tests.conftest import NOW
from tests.factories import BookingFactory, CalendarEntryFactory, MentorFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def entry(mentor, start, end, **kwargs):
    return CalendarEntryFactory(
        mentor=mentor, starts_at=NOW + start * HOUR, ends_at=NOW + end * HOUR, **kwargs
    )


def refuses(name):
    return pytest.raises(IntegrityError, match=name)


@pytest.mark.parametrize(("start", "end"), [(0, 2), (0.5, 1), (-1, 0.1), (1.9, 3), (-1, 3)])
def test_overlap_in_a_mentors_calendar_is_refused(start, end):
    mentor = MentorFactory()
    entry(mentor, 0, 2)
    with refuses("bookings_mentor_busy"), transaction.atomic():
        entry(mentor, start, end)
    assert CalendarEntry.objects.count() == 1


@pytest.mark.parametrize(("start", "end"), [(2, 3), (-1, 0)])
def test_half_open_ranges_may_touch(start, end):
    mentor = MentorFactory()
    entry(mentor, 0, 2)
    entry(mentor, start, end)


def test_a_second_of_overlap_is_overlap():
    mentor = MentorFactory()
    entry(mentor, 0, 1)
    second = dt.timedelta(microseconds=1) / HOUR
    with refuses("bookings_mentor_busy"), transaction.atomic():
        entry(mentor, 1 - second, 2)


def test_other_mentors_and_dead_entries_are_free():
    mentor = MentorFactory()
    entry(mentor, 0, 2, is_live=False)
    entry(mentor, 0, 2)
    entry(MentorFactory(), 0, 2)


def test_an_entry_cannot_be_moved_brought_back_or_handed_into_overlap():
    mentor = MentorFactory()
    entry(mentor, 0, 1)
    later, dead = entry(mentor, 1, 2), entry(mentor, 0, 1, is_live=False)
    other = entry(MentorFactory(), 0, 1)
    for row, change in [
        (later, {"starts_at": NOW + HOUR / 2}),
        (dead, {"is_live": True}),
        (other, {"mentor": mentor}),
    ]:
        with refuses("bookings_mentor_busy"), transaction.atomic():
            CalendarEntry.objects.filter(pk=row.pk).update(**change)
    CalendarEntry.objects.filter(pk=later.pk).update(starts_at=NOW + HOUR, is_live=True)


def test_a_mentee_is_in_one_place_at_a_time():
    mentee = UserFactory()
    first = BookingFactory(mentee=mentee, starts_at=NOW)
    with refuses("bookings_mentee_busy"), transaction.atomic():
        BookingFactory(mentee=mentee, starts_at=NOW + HOUR / 2)
    Booking.objects.filter(pk=first.pk).update(status=Booking.Status.CANCELLED)
    BookingFactory(mentee=mentee, starts_at=NOW + HOUR / 2)
    with refuses("bookings_mentee_busy"), transaction.atomic():
        Booking.objects.filter(pk=first.pk).update(status=Booking.Status.PENDING)


def test_the_guards_stand():
    assert guards.missing(connection) == []
    assert readiness.run_checks()["guards"] is None


@pytest.mark.django_db(transaction=True)
def test_a_remade_table_has_its_triggers_again_after_migrate():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL never remakes a table")
    old = Booking._meta.get_field("cancellation_reason")
    new = models.CharField(max_length=501, blank=True, null=True)
    new.set_attributes_from_name(old.name)
    with connection.schema_editor() as editor:
        editor.alter_field(Booking, old, new)
    lost = ["bookings_mentee_busy_insert", "bookings_mentee_busy_update"]
    assert guards.missing(connection) == lost
    assert "bookings_mentee_busy_insert" in str(guards.check_guards())
    with connection.schema_editor() as editor:
        editor.alter_field(Booking, new, old)
    call_command("migrate", "bookings", stdout=StringIO())
    assert guards.missing(connection) == []
    mentee = UserFactory()
    BookingFactory(mentee=mentee, starts_at=NOW)
    with refuses("bookings_mentee_busy"):
        BookingFactory(mentee=mentee, starts_at=NOW)
