"""The last seat of a group, wanted by many at once: it is sold once.

And the proof that this could fail: the lock holds without the guard, the guard without the lock,
and without both it is sold to everyone who looked.
"""

import threading
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection

from bookings.group_models import GroupSession
from bookings.services import cancel_booking, seats
from bookings.services.seats import book_seat
from tests.bookings.race_guards import LOOKS, OVERSOLD, WAIT, LateTransaction, broken
from tests.bookings.test_concurrency import DEADLOCK, at_once
from tests.budget import budget
from tests.factories import GroupSessionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
EIGHT = 8


@contextmanager
def no_guard():
    """The check of the count taken off the database, and put back where it holds again."""
    every = GroupSession._meta.constraints
    guard = next(each for each in every if each.name == "bookings_group_seats_sold_once")
    with pytest.MonkeyPatch.context() as patch, connection.schema_editor() as editor:
        # SQLite makes the table anew with what the model declares.
        patch.setattr(GroupSession._meta, "constraints", [c for c in every if c is not guard])
        editor.remove_constraint(GroupSession, guard)
    try:
        yield
    finally:
        GroupSession.objects.update(seats=100)
        with connection.schema_editor() as editor:
            editor.add_constraint(GroupSession, guard)


def unlock(put):
    """Everyone looks before anyone writes, and nobody locks."""
    late = LateTransaction(threading.Barrier(EIGHT, timeout=WAIT).wait)
    put(seats, "check_seat", late.after(seats.check_seat))
    put(seats, "exclusive", late.block)
    put(seats, "lock_group", LOOKS["lock_group"])


@contextmanager
def without(what, put):
    with ExitStack() as stack:
        if "guard" in what:
            stack.enter_context(no_guard())
        if "lock" in what:
            unlock(put)
        yield


def eight_for(group):
    """Eight people, each wanting a seat in it."""

    def one(mentee):
        return lambda: book_seat(group=group, mentee=mentee)

    return [one(UserFactory()) for _ in range(EIGHT)]


@pytest.mark.parametrize("off", ["nothing", "lock", "guard"])
def test_the_last_seat_is_sold_once(monkeypatch, off):
    group = GroupSessionFactory(seats=1)
    with without(off, monkeypatch.setattr):
        codes = at_once(*eight_for(group))
        assert codes.count("") == 1
        assert set(codes) <= {"", "sold_out", *DEADLOCK[off]}
        assert broken() == {}


def test_without_guard_and_lock_it_is_sold_to_all_who_looked(monkeypatch):
    group = GroupSessionFactory(seats=1)
    with without("guard and lock", monkeypatch.setattr):
        assert at_once(*eight_for(group)) == [""] * EIGHT
        assert broken() == {OVERSOLD: 1}


@pytest.mark.stress
def test_round_after_round_of_contested_seats(figure):
    """Groups of one to seven seats, each wanted by eight; one gives theirs back in between."""
    sold = refused = 0
    for n in range(budget(2, 150)):
        group = GroupSessionFactory(seats=1 + n % 7)
        codes = at_once(*eight_for(group))
        assert codes.count("") == group.seats
        booking = group.bookings.first()
        codes += at_once(
            lambda booking=booking: cancel_booking(booking=booking, by=booking.mentee),
            *eight_for(group),
        )[1:]
        group.refresh_from_db()
        assert group.seats_taken <= group.seats
        assert broken() == {}
        sold, refused = sold + codes.count(""), refused + codes.count("sold_out")
        assert sold + refused == (n + 1) * 2 * EIGHT
    figure("contested seats", f"{sold + refused:,}: {sold:,} sold, {refused:,} refused, 0 failed")


def test_as_many_are_sold_as_there_are():
    group = GroupSessionFactory(seats=5)
    assert at_once(*eight_for(group)).count("") == 5
    group.refresh_from_db()
    assert (group.seats_left, broken()) == (0, {})
