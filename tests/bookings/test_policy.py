"""What a booking costs and what comes back: pure, so no database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings import policy
from bookings.models import Booking
from mentormatch.mentors.models import MentorProfile
from tests.conftest import NOW

HOUR, TICK = dt.timedelta(hours=1), dt.timedelta(microseconds=1)
DAY = 24 * HOUR
SIDES = [Booking.Side.MENTEE, Booking.Side.MENTOR, Booking.Side.STAFF, Booking.Side.SYSTEM]


def booking(starts_at=NOW, status=Booking.Status.CONFIRMED, moved_by=""):
    return Booking(
        status=status,
        starts_at=starts_at,
        price_minor=6000,
        free_cancellation_until=policy.free_cancellation_until(starts_at, moved_by),
    )


def mentor(**kwargs):
    return MentorProfile(**{"currency": "eur", "hourly_rate_minor": 6000} | kwargs)


@pytest.mark.parametrize(
    ("rate", "minutes", "amount", "fee"),
    [
        (6000, 60, 6000, 600),
        (6000, 90, 9000, 900),
        (5999, 45, 4499, 450),  # 4499.25, and 449.9 of it
        (5010, 15, 1253, 125),  # 1252.5 goes up, and 125.3 down
        (1, 30, 1, 0),  # 0.5 goes up
        (0, 60, 0, 0),
    ],
)
def test_price_is_by_the_hour_half_up(rate, minutes, amount, fee):
    price = policy.price_of(mentor(hourly_rate_minor=rate), Booking.Type.ONE_ON_ONE, minutes)
    assert price == policy.Price(amount, fee, "eur")


@pytest.mark.parametrize(("rate", "fee"), [(0, 0), (1500, 150), (995, 100)])
def test_a_trials_rate_is_its_whole_price(rate, fee):
    price = policy.price_of(mentor(trial_rate_minor=rate), Booking.Type.TRIAL, 30)
    assert price == policy.Price(rate, fee, "eur")


@pytest.mark.parametrize(("before", "refund"), [(DAY, 6000), (DAY + TICK, 6000), (DAY - TICK, 0)])
def test_the_mentee_gets_everything_until_exactly_24_hours_before(before, refund):
    terms = policy.cancellation_terms(booking(), Booking.Side.MENTEE, NOW - before)
    assert terms == policy.Terms(True, refund, is_free=refund > 0)


@pytest.mark.parametrize("before", [DAY, HOUR, TICK])
def test_once_the_mentor_moved_it_the_mentee_gets_everything_until_the_start(before):
    moved = booking(moved_by=Booking.Side.MENTOR)
    terms = policy.cancellation_terms(moved, Booking.Side.MENTEE, NOW - before)
    assert terms == policy.Terms(True, 6000)


def test_once_the_mentee_moved_it_the_24_hours_count_from_the_new_start():
    assert policy.free_cancellation_until(NOW, Booking.Side.MENTEE) == NOW - DAY


@pytest.mark.parametrize("side", [Booking.Side.MENTOR, Booking.Side.STAFF])
@pytest.mark.parametrize("before", [2 * DAY, HOUR, -HOUR])
def test_mentor_and_staff_always_give_everything_back(side, before):
    terms = policy.cancellation_terms(booking(), side, NOW - before)
    assert terms == policy.Terms(True, 6000)


def test_the_mentee_cannot_cancel_once_it_has_begun():
    assert policy.cancellation_terms(booking(), Booking.Side.MENTEE, NOW - TICK).is_allowed
    assert not policy.cancellation_terms(booking(), Booking.Side.MENTEE, NOW).is_allowed


@pytest.mark.parametrize("side", SIDES)
def test_nothing_comes_back_of_what_was_not_paid(side):
    pending = booking(status=Booking.Status.PENDING)
    assert policy.cancellation_terms(pending, side, NOW - 2 * DAY) == policy.Terms(True, 0)


@pytest.mark.parametrize("status", ["cancelled", "completed", "no_show"])
@pytest.mark.parametrize("side", SIDES)
def test_what_is_over_stays_as_it_is(status, side):
    over = booking(status=status)
    assert not policy.cancellation_terms(over, side, NOW - 2 * DAY).is_allowed
    assert not policy.may_reschedule(over, side, NOW - 2 * DAY)


@pytest.mark.parametrize(
    ("side", "before", "allowed"),
    [
        ("mentee", DAY, True),
        ("mentee", DAY - TICK, False),
        ("mentor", TICK, True),
        ("mentor", dt.timedelta(), False),
        ("staff", 2 * DAY, False),
        ("system", 2 * DAY, False),
    ],
)
def test_who_may_choose_another_time(side, before, allowed):
    assert policy.may_reschedule(booking(), side, NOW - before) is allowed


@given(
    before=st.timedeltas(min_value=-DAY, max_value=30 * DAY),
    side=st.sampled_from(SIDES),
    moved_by=st.sampled_from(["", "mentee", "mentor"]),
)
def test_all_or_nothing_comes_back_and_never_less_for_being_earlier(before, side, moved_by):
    held = booking(moved_by=moved_by)
    later = policy.cancellation_terms(held, side, NOW - before)
    earlier = policy.cancellation_terms(held, side, NOW - before - HOUR)
    assert later.refund_minor in {0, held.price_minor}
    assert earlier.refund_minor >= later.refund_minor
    assert earlier.is_allowed >= later.is_allowed


@given(st.integers(0, 10_000_000), st.integers(15, 180))
def test_the_fee_is_never_more_than_the_price(rate, minutes):
    price = policy.price_of(mentor(hourly_rate_minor=rate), Booking.Type.ONE_ON_ONE, minutes)
    assert 0 <= price.platform_fee_minor <= price.amount_minor


@pytest.mark.parametrize(
    ("until_start", "until_answer"),
    [
        (30 * DAY, 2 * DAY),
        (2 * DAY, 2 * DAY - 4 * HOUR),
        (5 * HOUR, HOUR),
        (4 * HOUR, HOUR / 2),
        (HOUR / 3, HOUR / 3),
    ],
)
def test_a_request_is_answered_in_time(until_start, until_answer):
    assert policy.answer_by(NOW + until_start, NOW) == NOW + until_answer
