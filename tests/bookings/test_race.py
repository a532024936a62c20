"""Eight web workers and people who want the same time: it is sold once, whatever they send.

And the proof that each of these could fail: without the lock the guard alone still holds, without
the guard the lock does; without both it is sold again and again.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.urls import reverse

from bookings.models import Booking
from tests.bookings.race_guards import SOLD_TWICE, broken, closed_guard, no_guard
from tests.bookings.race_server import (
    WORKERS,
    Person,
    booking_by_api,
    booking_by_page,
    by_api,
    by_page,
    seat_by_api,
    seat_by_page,
    send_at_once,
    server,
)
from tests.budget import budget
from tests.factories import GroupSessionFactory, MentorFactory, in_two_days, open_every_day

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MENTEES, FEW = 50, 16
UNLOCKED = {"RACE_UNLOCKED": "1"}
MINUTE = dt.timedelta(minutes=1)
LENGTHS = [15, 30, 45, 60, 90, 120, 150, 180]


@pytest.fixture(scope="module")
def port_of(django_db_setup: None) -> Iterator[Callable[..., int]]:
    """`port_of(RACE_UNLOCKED="1")`: a server with that environment, started once."""
    ports: dict[str, int] = {}
    with ExitStack() as servers:

        def port_of(**environment: str) -> int:
            key = str(environment)
            if key not in ports:
                ports[key] = servers.enter_context(server(**environment))
            return ports[key]

        yield port_of


def open_mentor():
    """Around the clock, for every length, to the quarter of an hour."""
    mentor = MentorFactory(lengths=LENGTHS, step_minutes=15)
    open_every_day(mentor, always=True)
    return mentor


@pytest.fixture
def mentor():
    return open_mentor()


def people(count: int) -> list[Person]:
    return [Person() for _ in range(count)]


def same(mentor, mentees, door=booking_by_api):
    """All want one slot."""
    slot = in_two_days()
    return [door(person, mentor, slot) for person in mentees]


def overlapping(mentor, mentees):
    """Every length from a quarter of an hour to three hours, all over one afternoon."""
    start = in_two_days()
    return [
        booking_by_api(person, mentor, start + n * 5 % 12 * 15 * MINUTE, LENGTHS[n % len(LENGTHS)])
        for n, person in enumerate(mentees)
    ]


def adjacent(mentor, mentees):
    """Each session begins when another one ends."""
    calls, start = [], in_two_days()
    for n, person in enumerate(mentees):
        length = LENGTHS[n % len(LENGTHS)]
        calls.append(booking_by_api(person, mentor, start, length))
        start += length * MINUTE
    return calls


def statuses(answers) -> Counter:
    return Counter(answer.status for answer in answers)


def refused(answers) -> int:
    """How many were: without the lock, two may wait for each other's row, which ends in 503."""
    return statuses(answers)[409] + statuses(answers)[503]


@pytest.mark.parametrize(("door", "won"), [(booking_by_api, 201), (booking_by_page, 302)])
def test_one_slot_is_sold_once(mentor, port_of, door, won):
    answers = send_at_once(port_of(), same(mentor, people(MENTEES), door))
    assert statuses(answers) == {won: 1, 409: MENTEES - 1}
    assert (Booking.objects.count(), broken()) == (1, {})


def test_the_last_seat_of_a_group_is_sold_once_by_page_or_program(port_of):
    group = GroupSessionFactory(seats=1)
    doors = [seat_by_api, seat_by_page] * (FEW // 2)
    calls = [door(person, group) for door, person in zip(doors, people(FEW), strict=True)]
    answers = statuses(send_at_once(port_of(), calls))
    assert answers[409] == FEW - 1
    assert answers[201] + answers[302] == 1
    assert (Booking.objects.count(), broken()) == (1, {})


def test_the_lock_alone_sells_it_once(mentor, port_of):
    with no_guard():
        answers = send_at_once(port_of(), same(mentor, people(MENTEES)))
        assert statuses(answers) == {201: 1, 409: MENTEES - 1}
        assert (Booking.objects.count(), broken()) == (1, {})


def test_the_guard_alone_sells_it_once(mentor, port_of):
    answers = send_at_once(port_of(**UNLOCKED), same(mentor, people(MENTEES)))
    assert (refused(answers), statuses(answers)[201]) == (MENTEES - 1, 1)
    assert (Booking.objects.count(), broken()) == (1, {})


def test_without_guard_and_lock_it_is_sold_to_all_who_looked(mentor, port_of):
    with no_guard():
        answers = send_at_once(port_of(**UNLOCKED), same(mentor, people(MENTEES)))
        assert statuses(answers) == {201: WORKERS, 409: MENTEES - WORKERS}
        assert broken() == {SOLD_TWICE: WORKERS * (WORKERS - 1) / 2}


def test_overlapping_sessions_are_not_both_sold(mentor, port_of):
    answers = send_at_once(port_of(), overlapping(mentor, people(FEW)))
    assert set(statuses(answers)) == {201, 409}
    assert {answer.code for answer in answers} == {"", "slot_unavailable"}
    assert (Booking.objects.count(), broken()) == (statuses(answers)[201], {})


def test_the_guard_alone_sells_none_that_overlap(mentor, port_of):
    answers = send_at_once(port_of(**UNLOCKED), overlapping(mentor, people(WORKERS)))
    assert refused(answers) == WORKERS - statuses(answers)[201] < WORKERS
    assert broken() == {}


def test_without_guard_and_lock_overlapping_sessions_are_sold(mentor, port_of):
    with no_guard():
        answers = send_at_once(port_of(**UNLOCKED), overlapping(mentor, people(WORKERS)))
        assert statuses(answers) == {201: WORKERS}
        assert broken()[SOLD_TWICE] >= WORKERS


def test_sessions_that_touch_are_all_sold(mentor, port_of):
    answers = send_at_once(port_of(), adjacent(mentor, people(FEW)))
    assert statuses(answers) == {201: FEW}
    assert (Booking.objects.count(), broken()) == (FEW, {})


def test_with_a_guard_that_counts_both_ends_they_are_not(mentor, port_of):
    with closed_guard():
        answers = send_at_once(port_of(), adjacent(mentor, people(FEW)))
        assert set(statuses(answers)) == {201, 409}
        assert {answer.code for answer in answers} == {"", "slot_unavailable"}


def test_hours_may_change_while_they_are_booked(mentor, port_of):
    me, day = Person(mentor.user), in_two_days().date().isoformat()
    far = (in_two_days() + dt.timedelta(days=20)).date().isoformat()
    closed = list(mentor.availability.values_list("pk", flat=True)[:3])
    window = {"date": far, "start_time": "09:00", "end_time": "17:00"}
    edits = [by_api(me, f"availability/{pk}", method="DELETE") for pk in closed]
    edits += [by_api(me, "availability", window)] * 2
    edits += [by_page(me, reverse("bookings:time_off"), {"first_day": day, "last_day": day})]
    answers = send_at_once(port_of(), adjacent(mentor, people(FEW)) + edits)
    assert statuses(answers[:FEW]).keys() <= {201, 409}
    assert [answer.status for answer in answers[FEW:][:3]] == [204, 204, 204]
    assert sorted(answer.status for answer in answers[FEW:][3:]) == [201, 302, 409]
    assert Booking.objects.count() == statuses(answers[:FEW])[201]
    assert broken() == {}


@pytest.mark.stress
def test_thousands_of_contested_bookings(mentor, port_of, figure):
    """Round after round of one slot, of sessions that overlap, and of sessions that touch."""
    mentees, total = people(budget(8, MENTEES)), Counter()
    for n in range(budget(3, 200)):
        wanted = (same, overlapping, adjacent)[n % 3]
        answers = statuses(send_at_once(port_of(), wanted(mentor, mentees)))
        total += answers
        assert answers.keys() <= {201, 409}, answers
        assert (Booking.objects.count(), broken()) == (answers[201], {})
        assert answers[201] == {same: 1, adjacent: len(mentees)}.get(wanted, answers[201]) > 0
        Booking.objects.all().delete()
    figure(
        "contested bookings",
        f"{total.total():,}: {total[201]:,} sold, {total[409]:,} refused, 0 failed",
    )
