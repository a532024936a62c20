"""Someone holds the lock and doesn't let go: the others are told to try again, soon.

How long they wait is shortened here. That the lock is still held when they are answered is what
shows that the wait is bounded.
"""

from contextlib import contextmanager
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.urls import reverse

from bookings.models import Booking
from bookings.services import locking
from mentormatch import times
from mentormatch.errors import TryAgain
from payments import services as payments
from payments.models import Transaction
from payments.stripe_emulator import testing
from tests.factories import BookingFactory, MentorFactory, open_every_day

pytestmark = pytest.mark.django_db(transaction=True)
SHORT_SECONDS = 0.1


@pytest.fixture
def booking():
    """An hour in two days with a mentor who is open around the clock."""
    mentor = MentorFactory()
    open_every_day(mentor, always=True)
    return BookingFactory(mentor=mentor)


@contextmanager
def impatient():
    """Within the block this thread's connection doesn't wait for long."""
    _wait(SHORT_SECONDS)
    try:
        yield
    finally:
        _wait(connection.settings_dict["OPTIONS"].get("timeout", 5))


def _wait(seconds):
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.patience = seconds
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{int(seconds * 1000)}ms'")


@contextmanager
def held(booking):
    """Another connection has locked the booking and its people, until the end of the block."""
    begun, done = Barrier(2), Barrier(2)

    def hold():
        with locking.exclusive():
            locking.lock_booking(booking)
            begun.wait(60)
            done.wait(60)
        connections.close_all()

    other = Thread(target=hold)
    other.start()
    begun.wait(60)
    try:
        yield
    finally:
        done.wait(60)
        other.join(60)


def by_page(booking):
    """A form for each verb that takes a lock: who sends what to where."""
    code, mentor = booking.code, booking.mentor
    start, day = times.format_instant(booking.ends_at), booking.starts_at.date().isoformat()
    window = {"weekday": 0, "start_time": "09:00", "end_time": "17:00"}
    wanted = {"starts_at": start, "duration_minutes": 60, "session_type": "one_on_one"}
    to_remove = mentor.availability.order_by("pk").first().pk
    return {
        "book": (booking.mentee, reverse("bookings:book", args=[mentor.slug]), wanted),
        "move": (booking.mentee, reverse("bookings:reschedule", args=[code]), {"starts_at": start}),
        "cancel": (booking.mentee, reverse("bookings:cancel", args=[code]), {}),
        "open": (mentor.user, reverse("bookings:availability"), window),
        "close": (mentor.user, reverse("bookings:availability_remove", args=[to_remove]), {}),
        "take off": (
            mentor.user,
            reverse("bookings:time_off"),
            {"first_day": day, "last_day": day},
        ),
    }


def by_api(booking):
    """The same for programs: who sends what by which method to where."""
    mentor, start = booking.mentor, times.format_instant(booking.ends_at)
    to_remove = mentor.availability.order_by("pk").first().pk
    kind = {"duration_minutes": 60, "session_type": "one_on_one"}
    wanted = {"mentor_id": mentor.pk, "scheduled_at": start} | kind
    window = {"weekday": 0, "start_time": "09:00", "end_time": "17:00"}
    of_it = f"/api/v1/bookings/{booking.code}"
    return {
        "book": (
            booking.mentee,
            "post",
            "/api/v1/bookings",
            wanted | {"session_type": "one_on_one"},
        ),
        "move": (booking.mentee, "put", f"{of_it}/reschedule", {"scheduled_at": start}),
        "cancel": (booking.mentee, "put", f"{of_it}/cancel", {}),
        "open": (mentor.user, "post", "/api/v1/availability", window),
        "close": (mentor.user, "delete", f"/api/v1/availability/{to_remove}", {}),
    }


def state(mentor):
    """Everything that the verbs would change."""
    return [
        sorted(rows.values_list())
        for rows in (
            Booking.objects.filter(mentor=mentor),
            mentor.calendar_entries.all(),
            mentor.availability.all(),
            mentor.time_off.all(),
        )
    ]


@pytest.mark.parametrize("verb", ["book", "move", "cancel", "open", "close", "take off"])
def test_a_page_says_try_again(booking, login, verb):
    user, address, body = by_page(booking)[verb]
    client, before = login(user), state(booking.mentor)
    with held(booking), impatient():
        answer = client.post(address, body)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert str(TryAgain.message) in answer.content.decode()
    assert state(booking.mentor) == before


@pytest.mark.parametrize("verb", ["book", "move", "cancel", "open", "close"])
def test_the_api_says_try_again(booking, api, verb):
    user, method, address, body = by_api(booking)[verb]
    client, before = api(user), state(booking.mentor)
    with held(booking), impatient():
        answer = getattr(client, method)(address, body, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == TryAgain.code
    assert state(booking.mentor) == before


def test_a_payment_that_has_to_wait_is_asked_about_again(booking, login):
    """The return page: what came is written down when the lock is free."""
    held_booking = BookingFactory(mentor=booking.mentor, to_pay=True, starts_at=booking.ends_at)
    client = login(held_booking.mentee)
    client.raise_request_exception = False  # it is Django's handler of errors that answers
    payments.open_checkout(booking=held_booking, user=held_booking.mentee)
    row = Transaction.objects.get(booking=held_booking)
    testing.pay(row.stripe_checkout_session_id)
    address = reverse("payments:return", args=[held_booking.code])
    with held(held_booking), impatient():
        assert client.get(address).status_code == 503
    client.get(address)
    held_booking.refresh_from_db()
    assert held_booking.status == Booking.Status.CONFIRMED


def test_how_long_it_is():
    """Short enough for someone who looks at a page."""
    if connection.vendor == "sqlite":
        assert connection.settings_dict["OPTIONS"]["timeout"] <= 10
    else:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("5s",)
