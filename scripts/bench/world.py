"""1,000 mentors and 100,000 bookings, made in seconds: half a year behind, two months ahead."""

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Field, Max, Model
from psycopg.types.json import Jsonb

from bookings.models import AvailabilitySlot, Booking, CalendarEntry
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.ids import public_id
from mentormatch.mentors.models import MentorProfile, Topic
from payments.models import PaymentAccount, Transaction
from reviews.models import Review
from sessions_app.models import Seat, Session, random_room_name

MENTORS, MENTEES = 1000, 2000
WEEKS_BEHIND, WEEKS_AHEAD, A_WEEK, BOOKINGS_EACH = 26, 8, 3, 100
OPENS, CLOSES, WEEKDAYS = 9, 17, 5
ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Africa/Nairobi", "Asia/Tokyo")
WORDS = "careers databases design teaching security research hiring writing statistics law".split()
PRICE, FEE = 6000, 600
RICH = 10_000  # transactions of one mentor beside
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)

VARIES = (public_id, random_room_name)

Row = dict[str, Any]


@dataclass
class World:
    """What was made, and who may still book what."""

    now: dt.datetime
    mentors: list[MentorProfile] = field(default_factory=list)
    mentees: list[User] = field(default_factory=list)
    rich: MentorProfile = field(init=False)
    # Whose hour is taken: a mentor's or a mentee's number, and the hour.
    taken: set[tuple[int, dt.datetime]] = field(default_factory=set)

    def free(self) -> Iterator[tuple[MentorProfile, User, dt.datetime]]:
        """A mentor's free hour, and a mentee who is free as well; each once."""
        for cell in range(WEEKDAYS * (CLOSES - OPENS)):
            for week in range(1, WEEKS_AHEAD - 1):
                for number, mentor in enumerate(self.mentors):
                    starts_at = self.hour(number, week, cell)
                    mentee = self.mentees[self.mentee_at(number, starts_at)]
                    if {(-mentor.pk, starts_at), (mentee.pk, starts_at)}.isdisjoint(self.taken):
                        self.taken |= {(-mentor.pk, starts_at), (mentee.pk, starts_at)}
                        yield mentor, mentee, starts_at

    def hour(self, mentor: int, week: int, cell: int) -> dt.datetime:
        """The `cell`th of the opening hours of that mentor's week, this week being 0."""
        day, hour = divmod(cell, CLOSES - OPENS)
        monday = (self.now - DAY * self.now.weekday()).date()
        wall = dt.datetime.combine(monday + week * WEEK + day * DAY, dt.time(OPENS + hour))
        return wall.replace(tzinfo=ZoneInfo(ZONES[mentor % len(ZONES)])).astimezone(dt.UTC)

    def mentee_at(self, mentor: int, hour: dt.datetime) -> int:
        """Another mentee for every mentor of that hour, so that nobody is in two sessions."""
        return (mentor + 7 * int(hour.timestamp()) // 3600) % MENTEES


def make() -> World:
    """Fill the database and let it count what is in it."""
    world = World(times.now().replace(minute=0, second=0, microsecond=0))
    _people(world)
    _bookings(world)
    _account(world)
    with connection.cursor() as cursor:
        # As autovacuum leaves it, which is off here.
        cursor.execute("VACUUM ANALYZE")
    return world


def copy(model: type[Model], rows: Sequence[Row]) -> list[int]:
    """Insert rows by COPY, with the model's defaults for what they don't name; their numbers."""
    fields = model._meta.concrete_fields
    first = (model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
    key, table = fields[0].attname, connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    defaults = [(f.attname, _maker(f)) for f in fields]
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as into:
            for number, row in enumerate(rows, first):
                given = row | {key: number}
                into.write_row(
                    [given[name] if name in given else make() for name, make in defaults]
                )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
            [model._meta.db_table, key, first + len(rows)],
        )
    return list(range(first, first + len(rows)))


def _maker(field: Field[Any, Any]) -> Callable[[], Any]:
    """What gives the field's default as the database takes it: anew for each row if it varies."""
    if field.default in VARIES:
        return field.get_default
    value = field.get_db_prep_save(field.get_default(), connection)
    return lambda: value


def _people(world: World) -> None:
    password = make_password("a password that nobody logs in with")
    people = [
        {"email": f"listed{number}@example.com", "full_name": f"Person {number}"}
        | {"password": password, "time_zone": ZONES[number % len(ZONES)]}
        for number in range(MENTORS + MENTEES)
    ]
    users = copy(User, people)
    mentors = copy(MentorProfile, [_mentor(number, users[number]) for number in range(MENTORS)])
    copy(
        AvailabilitySlot,
        [
            {"mentor_id": mentor, "weekday": day, "start_minute": OPENS * 60}
            | {"end_minute": CLOSES * 60}
            for mentor in mentors
            for day in range(WEEKDAYS)
        ],
    )
    topics = copy(Topic, [{"name": f"Bench {word}", "slug": f"bench-{word}"} for word in WORDS])
    copy(
        MentorProfile.topics.through,
        [
            {"mentorprofile_id": mentor, "topic_id": topics[(mentor + step) % len(topics)]}
            for mentor in mentors
            for step in range(3)
        ],
    )
    copy(PaymentAccount, [{"mentor_id": mentor, "transfers_active": True} for mentor in mentors])
    found = MentorProfile.objects.filter(pk__in=mentors).select_related("user")
    world.mentors = list(found.order_by("pk"))
    world.mentees = list(User.objects.filter(pk__in=users[MENTORS:]).order_by("pk"))


def _mentor(number: int, user: int) -> Row:
    """Weekdays from nine to five, an hour each: 40 times a week, 37 of them free."""
    return {
        "user_id": user,
        "slug": f"listed-{number}",
        "status": MentorProfile.Status.LISTED,
        "headline": f"Knows {WORDS[number % len(WORDS)]} from twenty years of work",
        "bio": "Built it, ran it, and can tell what went wrong.\n\nAsk me about it. " * 3,
        "languages": Jsonb(["en", "de"]),
        "time_zone": ZONES[number % len(ZONES)],
        "hourly_rate_minor": PRICE,
        "trial_rate_minor": 0,
        "trial_minutes": 30,
        "lengths": Jsonb([60]),
        "step_minutes": 60,
        "notice_minutes": 60,
        "is_payable": True,
    }


def _bookings(world: World) -> None:
    rows = list(_each_booking(world))
    bookings = copy(Booking, rows)
    for row, number in zip(rows, bookings, strict=True):
        row["pk"] = number
    copy(CalendarEntry, [_entry(row) for row in rows])
    held = [row for row in rows if row["status"] != Booking.Status.CANCELLED]
    sessions = copy(Session, [_session(row) for row in held])
    seats = zip(held, sessions, strict=True)
    copy(Seat, [{"booking_id": row["pk"], "session_id": number} for row, number in seats])
    charges = copy(Transaction, [_charge(row) for row in held])
    over = [
        (row, session, charge)
        for row, session, charge in zip(held, sessions, charges, strict=True)
        if row["status"] == Booking.Status.COMPLETED
    ]
    copy(Transaction, [_payout(row, charge) for row, _session, charge in over])
    _reviews([(row, session) for row, session, _charge in over])


def _each_booking(world: World) -> Iterator[Row]:
    """Three a week: the same for every run."""
    chance = random.Random(1)  # noqa: S311  # no secret
    cells = range(WEEKDAYS * (CLOSES - OPENS))
    for number, mentor in enumerate(world.mentors):
        left = count()
        for week in range(WEEKS_AHEAD - 1, -WEEKS_BEHIND - 1, -1):
            for cell in sorted(chance.sample(cells, A_WEEK)):
                if next(left) < BOOKINGS_EACH:
                    starts_at = world.hour(number, week, cell)
                    mentee = world.mentees[world.mentee_at(number, starts_at)]
                    yield _booking(world, mentor, mentee, starts_at, chance.random())


def _booking(
    world: World, mentor: MentorProfile, mentee: User, starts_at: dt.datetime, chance: float
) -> Row:
    is_over = starts_at + HOUR <= world.now
    status = Booking.Status.COMPLETED if is_over else Booking.Status.CONFIRMED
    row: Row = {
        "mentor_id": mentor.pk,
        "mentee_id": mentee.pk,
        "status": status,
        "starts_at": starts_at,
        "ends_at": starts_at + HOUR,
        "duration_minutes": 60,
        "price_minor": PRICE,
        "platform_fee_minor": FEE,
        "currency": "eur",
        "free_cancellation_until": starts_at - DAY,
        "confirmed_at": min(starts_at - 3 * DAY, world.now - HOUR),
    }
    if chance < 0.1:
        row |= {"status": Booking.Status.CANCELLED, "cancelled_at": starts_at - 2 * DAY}
        return row | {"cancelled_by": Booking.Side.MENTEE, "cancellation_code": "cancelled"}
    world.taken |= {(-mentor.pk, starts_at), (mentee.pk, starts_at)}
    return row | ({"completed_at": starts_at + HOUR} if is_over else {})


def _entry(row: Row) -> Row:
    return {
        "mentor_id": row["mentor_id"],
        "booking_id": row["pk"],
        "kind": CalendarEntry.Kind.BOOKING,
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "is_live": row["status"] != Booking.Status.CANCELLED,
    }


def _session(row: Row) -> Row:
    is_over = row["status"] == Booking.Status.COMPLETED
    times_of = {name: row[name] for name in ("mentor_id", "starts_at", "ends_at")}
    return times_of | {"status": Session.Status.COMPLETED if is_over else Session.Status.SCHEDULED}


def _charge(row: Row) -> Row:
    return {
        "type": Transaction.Type.BOOKING,
        "status": Transaction.Status.SUCCEEDED,
        "booking_id": row["pk"],
        "mentor_id": row["mentor_id"],
        "mentee_id": row["mentee_id"],
        "amount_minor": PRICE,
        "platform_fee_minor": FEE,
        "net_minor": PRICE - FEE,
        "currency": "eur",
        "succeeded_at": row["confirmed_at"],
        "created_at": row["confirmed_at"],
        "updated_at": row["confirmed_at"],
    }


def _payout(row: Row, charge: int) -> Row:
    net = {"amount_minor": PRICE - FEE, "platform_fee_minor": 0}
    return _charge(row) | net | {"type": Transaction.Type.PAYOUT, "parent_id": charge}


def _account(world: World) -> None:
    """The last mentor has held 5,000 sessions more, over three years: 10,000 rows and some."""
    world.rich = world.mentors[-1]
    starts = [world.now - 2 * DAY - WEEK * WEEKS_BEHIND - n * 5 * HOUR for n in range(RICH // 2)]
    rows = [
        _booking(world, world.rich, world.mentees[n % MENTEES], starts_at, 1)
        for n, starts_at in enumerate(starts)
    ]
    for row, number in zip(rows, copy(Booking, rows), strict=True):
        row["pk"] = number
    charges = copy(Transaction, [_charge(row) for row in rows])
    pairs = zip(rows, charges, strict=True)
    copy(Transaction, [_payout(row, charge) for row, charge in pairs])


def _reviews(over: Sequence[tuple[Row, int]]) -> None:
    """One for every third session, and the mentors' sums of them."""
    copy(
        Review,
        [
            {"session_id": session, "mentor_id": row["mentor_id"]}
            | {"reviewer_id": row["mentee_id"], "rating": 3 + session % 3}
            | {"comment": "Clear, patient, and to the point. I would come back any time."}
            for row, session in over
            if session % 3 != 0
        ][::2],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mentors_mentorprofile SET rating_sum = found.stars, review_count = found.n, "
            "total_sessions = 70 FROM (SELECT mentor_id, SUM(rating) AS stars, COUNT(*) AS n "
            "FROM reviews_review GROUP BY mentor_id) AS found WHERE id = found.mentor_id"
        )
