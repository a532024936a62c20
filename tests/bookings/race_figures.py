"""How often one slot is sold to fifty mentees, with guard and lock and without."""

from collections import Counter

from django.db import connection

from bookings.models import Booking
from tests.bookings.race_guards import no_guard
from tests.bookings.race_server import Person, booking_by_api, send_at_once, server
from tests.factories import MentorFactory, in_two_days, open_every_day

MENTEES = 50


def measure() -> dict[str, object]:
    """The figures of both races, on the database that Django is set up for."""
    with no_guard():
        off = race(RACE_UNLOCKED="1")
    return {"engine": connection.vendor, "mentees": MENTEES, "off": off, "on": race()}


def race(**environment: str) -> dict[str, int]:
    """How often the slot was sold, and how many were told that it is gone."""
    mentor, slot = MentorFactory(), in_two_days()
    open_every_day(mentor, always=True)
    with server(**environment) as port:
        calls = [booking_by_api(Person(), mentor, slot) for _ in range(MENTEES)]
        answers = send_at_once(port, calls)
    statuses = Counter(answer.status for answer in answers)
    sold = Booking.objects.filter(mentor=mentor).count()
    assert statuses == {201: sold, 409: MENTEES - sold}, statuses
    return {"sold": sold, "refused": MENTEES - sold}
