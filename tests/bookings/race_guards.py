"""What must hold however many people book at once, and how a test takes the guards away.

Nothing of the product can be switched off: it is all done here, to the database and to the
functions of the running process, and undone at the end.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext

from django.db import connection

from bookings import guards, services
from bookings.group_models import GroupSession
from bookings.models import Booking, CalendarEntry
from bookings.services import availability, booking, rescheduling
from bookings.services.locking import exclusive
from mentormatch.mentors.models import MentorProfile

WAIT = 120
Looked = MentorProfile | Booking | GroupSession
RULES = {
    "a mentor's time is sold twice": """
        SELECT count(*) FROM bookings_calendarentry a JOIN bookings_calendarentry b
        ON a.mentor_id = b.mentor_id AND a.id < b.id
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.is_live AND b.is_live""",
    "a mentee is in two sessions": """
        SELECT count(*) FROM bookings_booking a JOIN bookings_booking b
        ON a.mentee_id = b.mentee_id AND a.id < b.id
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.status IN ('pending', 'confirmed') AND b.status IN ('pending', 'confirmed')""",
    "someone is mentor and mentee at once": """
        SELECT count(*) FROM bookings_booking a
        JOIN mentors_mentorprofile m ON m.id = a.mentor_id
        JOIN bookings_booking b ON b.mentee_id = m.user_id
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.status IN ('pending', 'confirmed') AND b.status IN ('pending', 'confirmed')""",
    "a booking isn't in its mentor's calendar": """
        SELECT count(*) FROM bookings_booking a LEFT JOIN bookings_calendarentry e
        ON e.booking_id = a.id AND e.is_live AND e.mentor_id = a.mentor_id
        AND e.starts_at <= a.starts_at AND e.ends_at >= a.ends_at
        WHERE a.status IN ('pending', 'confirmed') AND a.group_session_id IS NULL
        AND e.id IS NULL""",
    "a group session isn't in its mentor's calendar": """
        SELECT count(*) FROM bookings_groupsession g LEFT JOIN bookings_calendarentry e
        ON e.group_session_id = g.id AND e.is_live AND e.mentor_id = g.mentor_id
        AND e.starts_at <= g.starts_at AND e.ends_at >= g.ends_at
        WHERE g.status = 'scheduled' AND e.id IS NULL""",
    "more seats are sold than there are": """
        SELECT count(*) FROM bookings_groupsession g WHERE g.seats < (
            SELECT count(*) FROM bookings_booking b
            WHERE b.group_session_id = g.id AND b.status <> 'cancelled')""",
    "the count of seats isn't that of the bookings": """
        SELECT count(*) FROM bookings_groupsession g WHERE g.seats_taken <> (
            SELECT count(*) FROM bookings_booking b
            WHERE b.group_session_id = g.id AND b.status <> 'cancelled')""",
    "the calendar holds what isn't booked": """
        SELECT count(*) FROM bookings_calendarentry e LEFT JOIN bookings_booking a
        ON e.booking_id = a.id AND a.status IN ('pending', 'confirmed', 'completed', 'no_show')
        WHERE e.is_live AND e.kind = 'booking' AND a.id IS NULL""",
}
SOLD_TWICE, IN_TWO_SESSIONS, IN_BOTH_ROLES = list(RULES)[:3]
OVERSOLD = "more seats are sold than there are"


def broken() -> dict[str, int]:
    """What doesn't hold in the database, and how often; asked of the tables, not of our code."""
    found = {}
    with connection.cursor() as cursor:
        for rule, query in RULES.items():
            cursor.execute(query)
            (count,) = cursor.fetchone()
            if count:
                found[rule] = count
    return found


@contextmanager
def no_guard(model: type = CalendarEntry) -> Iterator[None]:
    """The guard of a model taken off the database, and put back without what it would refuse."""
    guard = guard_of(model)
    with replaced_guard(model, lambda: drop_guard(model)):
        assert guard.name in str(guards.check_guards())
        yield


@contextmanager
def without(
    what: str, put: Callable[[object, str, object], None], *, model: type, writers: int
) -> Iterator[None]:
    """Without the "lock", the "guard" of `model`, both, or neither: whatever `what` names."""
    with ExitStack() as stack:
        if "guard" in what:
            stack.enter_context(no_guard(model))
        if "lock" in what:
            unlock(put, threading.Barrier(writers, timeout=WAIT).wait)
        yield


@contextmanager
def closed_guard() -> Iterator[None]:
    """The mentor's guard put up wrongly: sessions that touch count as overlapping."""
    guard = guard_of(CalendarEntry)

    def put_up() -> None:
        editor = connection.schema_editor(collect_sql=True)
        if connection.vendor == "postgresql":
            made = str(guard.create_sql(CalendarEntry, editor))
            statements = [made.replace("'[)'", "'[]'")]
        else:
            made = guard.triggers(CalendarEntry, editor).values()
            statements = [
                sql.replace(" < NEW", " <= NEW").replace(" > NEW", " >= NEW") for sql in made
            ]
        drop_guard(CalendarEntry)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    with replaced_guard(CalendarEntry, put_up):
        yield


@contextmanager
def replaced_guard(model: type, replace: Callable[[], None]) -> Iterator[None]:
    replace()
    try:
        yield
    finally:
        CalendarEntry.objects.update(is_live=False)
        Booking.objects.update(status=Booking.Status.CANCELLED)
        if connection.vendor == "postgresql":
            drop_guard(model)
            with connection.schema_editor() as editor:
                editor.add_constraint(model, guard_of(model))
        else:
            guards.make_triggers(None, using="default")
        assert not guards.check_guards()


def guard_of(model: type) -> guards.PostgresExclusion:
    return next(guard for guarded, guard in guards.declared() if guarded is model)


def drop_guard(model: type) -> None:
    name = guard_of(model).name
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{name}"')
        else:
            for event in ("insert", "update"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}_{event}"')


class LateTransaction:
    """In place of `exclusive`: begins only when its owner has looked, and the others have too."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.wait, self.own = wait, threading.local()

    @contextmanager
    def block(self) -> Iterator[None]:
        with ExitStack() as self.own.stack:
            yield

    def begin(self) -> None:
        self.wait()
        self.own.stack.enter_context(exclusive())

    def after(self, look: Callable[..., object]) -> Callable[..., object]:
        def look_and_begin(*args: object, **kwargs: object) -> object:
            seen = look(*args, **kwargs)
            self.begin()
            return seen

        return look_and_begin

    def before(self, write: Callable[..., object]) -> Callable[..., object]:
        def begin_and_write(*args: object, **kwargs: object) -> object:
            self.begin()
            return write(*args, **kwargs)

        return begin_and_write


def unlock(put: Callable[[object, str, object], None], wait: Callable[[], object]) -> None:
    """Let the services look first and lock nothing: their transactions begin when they write.

    Whoever has looked waits for the others (`wait`), so that the race is lost surely and not by
    chance. `put` is pytest's `monkeypatch.setattr`, or `setattr` for good.
    """
    late = LateTransaction(wait)
    put(booking, "_check", late.after(booking._check))
    put(booking, "check_revivable", late.after(booking.check_revivable))
    put(rescheduling, "_write", late.before(rescheduling._write))
    put(booking, "exclusive", late.block)
    put(rescheduling, "exclusive", late.block)
    put(availability, "exclusive", nullcontext)
    for module in (services, availability, booking, rescheduling):
        for name, look in LOOKS.items():
            if hasattr(module, name):
                put(module, name, look)


def _now(row: Looked) -> Looked:
    people = "user" if isinstance(row, MentorProfile) else "mentor__user"
    return type(row).objects.select_related(people).get(pk=row.pk)


def _group_now(group: GroupSession, *, mentee: object = None) -> Looked:
    return _now(group)


# What each lock gives, without the lock.
LOOKS = {
    "lock_pair": lambda *, mentor, mentee: _now(mentor),
    "lock_mentor": _now,
    "lock_booking": _now,
    "lock_group": _group_now,
}
