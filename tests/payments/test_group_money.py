"""Money of group sessions: each seat is paid, cancelled and refunded by itself."""

import datetime as dt

import pytest

from bookings.models import Booking
from bookings.services import expire_hold
from bookings.services.groups import book_seat
from payments import services
from payments.models import Transaction
from payments.stripe_emulator import testing
from sessions_app.models import Session
from tests.bookings.race_guards import broken
from tests.factories import GroupSessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
Status, Ledger = Booking.Status, Transaction.Status


@pytest.fixture
def group(mentor):
    return GroupSessionFactory(mentor=mentor, price_minor=1025)


@pytest.fixture
def take(group, work):
    """Take a seat and pay for it at Stripe."""

    def take(*, pays=True):
        booking = book_seat(group=group, mentee=UserFactory())
        charge = services.open_checkout(booking=booking, user=booking.mentee)
        if pays:
            testing.pay(charge.stripe_checkout_session_id)
            work()
            booking.refresh_from_db()
        return booking

    return take


def charge_of(booking):
    return Transaction.objects.get(booking=booking, type=Transaction.Type.BOOKING)


def test_seats_are_paid_one_by_one_and_share_a_room(group, take):
    first, second = take(), take()
    assert (first.status, second.status) == (Status.CONFIRMED, Status.CONFIRMED)
    charge = charge_of(first)
    assert (charge.amount_minor, charge.platform_fee_minor, charge.net_minor) == (1025, 103, 922)
    session = Session.objects.get()
    assert session.group_session == group
    assert {seat.booking for seat in session.seats.all()} == {first, second}
    group.refresh_from_db()
    assert (group.seats_left, broken()) == (1, {})


def test_a_seat_is_cancelled_and_refunded_alone(group, take, work):
    first, second = take(), take()
    services.call_off(booking=first, by=first.mentee)
    work()
    second.refresh_from_db()
    assert charge_of(first).status == Ledger.REFUNDED
    assert (second.status, charge_of(second).status) == (Status.CONFIRMED, Ledger.SUCCEEDED)
    session = Session.objects.get()
    assert session.status == Session.Status.SCHEDULED
    assert not Session.objects.for_user(first.mentee).exists()
    group.refresh_from_db()
    assert (group.seats_left, group.is_on, broken()) == (2, True, {})


def test_who_pays_after_the_last_seat_went_to_another_gets_everything_back(group, take, work):
    group.seats = 1
    group.save()
    late = take(pays=False)
    charge = charge_of(late)
    late.refresh_from_db()
    # The hold ends here while the checkout is still open there.
    assert expire_hold(booking=late, now=late.hold_expires_at)
    winner = take()
    testing.pay(charge.stripe_checkout_session_id)
    work()
    charge.refresh_from_db()
    late.refresh_from_db()
    winner.refresh_from_db()
    assert (charge.status, late.status) == (Ledger.REFUNDED, Status.CANCELLED)
    assert winner.status == Status.CONFIRMED
    assert broken() == {}
