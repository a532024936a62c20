"""What finding free slots costs: a week, a busy year, and a mentor with a hundred times the past.

`measure` needs nothing but the code; `measure_growth` a migrated database, which it leaves as it
was. A figure is what was measured, how much it was, and how much it may be.
"""

import datetime as dt
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bookings.slots import Rules, Taken, Window, free_slots

if TYPE_CHECKING:
    from mentormatch.accounts.models import User
    from mentormatch.mentors.models import MentorProfile

Figure = tuple[str, float, float]

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
NOW = dt.datetime(2026, 6, 28, 7, tzinfo=dt.UTC)
# Around the clock in steps of half an hour: more slots than nearly any mentor has.
OPEN = Rules(
    zone=ZoneInfo("Europe/Berlin"),
    windows=[Window(0, 24 * 60, weekday=day) for day in range(7)],
    horizon=366 * DAY,
    buffer_before=dt.timedelta(minutes=10),
    buffer_after=dt.timedelta(minutes=5),
)
FEW, MANY = 100, 10_000
A_DAY = 3  # bookings of those two mentors, on every day of theirs


def measure() -> list[Figure]:
    """Milliseconds of CPU for the slots of a week with 10 bookings and of a year with 500."""
    return [
        ("slots of a week, 10 bookings", _cpu_ms(_question(7, 10), rounds=300), 0.5),
        ("slots of a year, 500 bookings", _cpu_ms(_question(365, 500), rounds=40), 35.0),
    ]


def measure_growth(rounds: int = 60) -> Figure:
    """How many times longer a week of slots takes with 10,000 bookings than with 100.

    From the rows, queries included. Both weeks have the same bookings; the others lie around them.
    """
    from django.db import connection, transaction  # noqa: PLC0415  # `measure` does without

    with transaction.atomic():
        few, many = _mentor(FEW), _mentor(MANY)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        # By turns: what else the machine does is in both.
        spent = [(_elapsed_ms(few), _elapsed_ms(many)) for _ in range(rounds)]
        transaction.set_rollback(True)
    with_few, with_many = map(statistics.median, zip(*spent, strict=True))
    return f"slots of a week, {MANY:,} bookings beside {FEW}", with_many / with_few, 1.5


def _question(days: int, bookings: int) -> Callable[[], object]:
    apart = days * DAY / bookings
    taken = Taken(mentor=[(NOW + n * apart, NOW + n * apart + HOUR) for n in range(bookings)])
    end = NOW + days * DAY
    return lambda: list(
        free_slots(OPEN, start=NOW, end=end, duration_minutes=60, now=NOW, taken=taken)
    )


def _cpu_ms(work: Callable[[], object], *, rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        began = time.process_time_ns()
        work()
        spent.append((time.process_time_ns() - began) / 1e6)
    return statistics.median(spent)


def _elapsed_ms(mentor: "MentorProfile") -> float:
    from bookings import calendar  # noqa: PLC0415  # after Django's set-up

    began = time.perf_counter_ns()
    found = calendar.offered(
        mentor,
        start=NOW,
        end=NOW + 7 * DAY,
        duration_minutes=60,
        session_type="one_on_one",
        now=NOW,
    )
    assert found  # noqa: S101  # no slots would be quick as well
    return (time.perf_counter_ns() - began) / 1e6


def _mentor(bookings: int) -> "MentorProfile":
    """A mentor who is open around the clock, with so many bookings, half of them in the past."""
    from bookings.models import AvailabilitySlot  # noqa: PLC0415  # after Django's set-up
    from mentormatch.accounts.models import User  # noqa: PLC0415  # so is this
    from mentormatch.mentors.models import MentorProfile  # noqa: PLC0415  # and this

    names = (f"mentor-{bookings}", f"mentee-{bookings}")
    people = [User.objects.create(email=f"bench-{name}@example.com") for name in names]
    mentor = MentorProfile.objects.create(
        user=people[0],
        slug=f"bench-{bookings}",
        status=MentorProfile.Status.LISTED,
        time_zone="Europe/Berlin",
        lengths=[60],
    )
    AvailabilitySlot.objects.bulk_create(
        AvailabilitySlot(mentor=mentor, weekday=day, start_minute=0, end_minute=24 * 60)
        for day in range(7)
    )
    _book(mentor, people[1], bookings)
    return mentor


def _book(mentor: "MentorProfile", mentee: "User", count: int) -> None:
    from bookings.models import Booking, CalendarEntry  # noqa: PLC0415  # after Django's set-up

    # The latest first: SQLite's guard then has nothing earlier to look through.
    first = NOW - count // 2 * (DAY / A_DAY)
    starts = [first + n * (DAY / A_DAY) for n in reversed(range(count))]
    bookings = Booking.objects.bulk_create(
        Booking(
            mentor=mentor,
            mentee=mentee,
            status=Booking.Status.CONFIRMED,
            starts_at=starts_at,
            ends_at=starts_at + HOUR,
            duration_minutes=60,
            currency="eur",
            free_cancellation_until=starts_at - DAY,
        )
        for starts_at in starts
    )
    CalendarEntry.objects.bulk_create(
        CalendarEntry(
            mentor=mentor,
            booking=booking,
            kind=CalendarEntry.Kind.BOOKING,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
        )
        for booking in bookings
    )
