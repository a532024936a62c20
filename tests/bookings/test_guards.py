"""The guards stand on both engines, and come back after SQLite's tables are remade."""

import datetime as dt
import sys
from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate
from django.urls import reverse

from bookings import guards
from bookings.models import Booking, CalendarEntry
from mentormatch.background import readiness
from tests.bookings.race_guards import guard_of, no_guard
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


@pytest.mark.parametrize("model", [Booking, CalendarEntry])
@pytest.mark.django_db(transaction=True)
def test_a_missing_guard_is_told(client, model):
    with no_guard(model):
        answer = client.get(reverse("background:readyz"))
    assert answer.status_code == 503
    assert guard_of(model).name in answer.json()["checks"]["guards"]["detail"]
    assert client.get(reverse("background:readyz")).json()["checks"]["guards"]["ok"]


REMADE = """
from django.db import migrations, models
from bookings import guards

missing = []

def note(apps, schema_editor):
    missing.append(guards.missing(schema_editor.connection))

class Migration(migrations.Migration):
    dependencies = [("bookings", "{latest}")]
    operations = [
        migrations.AlterField(
            "booking", "cancellation_reason", models.CharField(max_length=501, blank=True)
        ),
        migrations.AlterField("calendarentry", "kind", models.CharField(max_length=17)),
        migrations.RunPython(note, migrations.RunPython.noop),
    ]
"""
LOST = [
    f"bookings_{who}_busy_{event}" for who in ("mentee", "mentor") for event in ("insert", "update")
]


@pytest.fixture
def remade(settings, monkeypatch, tmp_path):
    """A later migration that changes both guarded tables; undone in the end."""
    latest = MigrationLoader(None).graph.leaf_nodes("bookings")[0][1]
    package = tmp_path / "remade_migrations"
    package.mkdir()
    ours = str(settings.BASE_DIR / "bookings" / "migrations")
    (package / "__init__.py").write_text(f"__path__ = [*__path__, {ours!r}]")
    (package / "9999_remade.py").write_text(REMADE.format(latest=latest))
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = settings.MIGRATION_MODULES | {"bookings": package.name}
    yield import_module(f"{package.name}.9999_remade")
    migrate("bookings", latest)
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


def migrate(*arguments):
    call_command("migrate", *arguments, stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_remakes_the_tables_keeps_the_guards(remade):
    migrate("bookings")
    # SQLite's triggers went with the old tables; PostgreSQL remakes none.
    assert remade.missing == [LOST if connection.vendor == "sqlite" else []]
    assert guards.missing(connection) == []
    mentor, mentee = MentorFactory(), UserFactory()
    BookingFactory(mentor=mentor, mentee=mentee, starts_at=NOW)
    with refuses("bookings_mentor_busy"):
        BookingFactory(mentor=mentor, starts_at=NOW)
    with refuses("bookings_mentee_busy"):
        BookingFactory(mentee=mentee, starts_at=NOW)


@pytest.mark.django_db(transaction=True)
def test_without_what_makes_the_triggers_it_would_not(client, remade):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL never remakes a table")
    ours = {"sender": apps.get_app_config("bookings"), "dispatch_uid": "bookings.guards"}
    assert post_migrate.disconnect(**ours)
    try:
        migrate("bookings")
    finally:
        post_migrate.connect(guards.make_triggers, **ours)
    assert guards.missing(connection) == LOST
    assert client.get(reverse("background:readyz")).status_code == 503
    BookingFactory(mentee=BookingFactory(starts_at=NOW).mentee, starts_at=NOW)
    Booking.objects.all().delete()
