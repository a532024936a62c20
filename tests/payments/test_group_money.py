"""Money of group sessions: each seat is paid, cancelled and refunded by itself."""

import datetime as dt

import pytest

from bookings.models import Booking
from bookings.services import expire_hold
from bookings.services.seats import book_seat
from mentormatch.errors import TryAgain
from payments import services
from payments.models import Transaction
from payments.services import checkout, groups
from payments.stripe_emulator import testing
from sessions_app import services as rooms
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


def states(*bookings):
    for booking in bookings:
        booking.refresh_from_db()
    return [booking.status for booking in bookings]


def test_the_whole_is_called_off_and_every_seat_refunded(group, take, work):
    first, held, second = take(), take(pays=False), take()
    services.call_off_group(group=group, by=group.mentor.user, reason="I am ill")
    assert states(first, held, second) == [Status.CANCELLED, Status.PENDING, Status.CANCELLED]
    services.finish_called_off()
    work()
    assert states(held) == [Status.CANCELLED]
    assert {booking.cancellation_reason for booking in (first, held, second)} == {"I am ill"}
    assert [charge_of(booking).status for booking in (first, second)] == [Ledger.REFUNDED] * 2
    assert charge_of(held).status == Ledger.FAILED
    assert Session.objects.get().status == Session.Status.CANCELLED
    group.refresh_from_db()
    assert (group.seats_taken, group.status, broken()) == (0, "cancelled", {})
    assert services.call_off_group(group=group, by=group.mentor.user).cancelled_by == "mentor"


def test_one_that_fails_stops_none_of_the_others(group, take, work, monkeypatch):
    bookings = [take(), take(), take()]
    one_by_one, asked = groups.cancel_booking, []

    def fail_at_the_first(*, booking, **kwargs):
        asked.append(booking)
        if len(asked) == 1:
            raise TryAgain
        return one_by_one(booking=booking, **kwargs)

    monkeypatch.setattr(groups, "cancel_booking", fail_at_the_first)
    services.call_off_group(group=group, by=group.mentor.user)
    assert sorted(states(*bookings)) == [Status.CANCELLED, Status.CANCELLED, Status.CONFIRMED]
    services.finish_called_off()
    work()
    assert states(*bookings) == [Status.CANCELLED] * 3
    assert {charge_of(booking).status for booking in bookings} == {Ledger.REFUNDED}
    assert {booking.cancelled_by for booking in bookings} == {"mentor"}
    assert broken() == {}


def test_while_stripe_is_away_seats_being_paid_wait_for_it(group, take):
    held, also_held = take(pays=False), take(pays=False)
    staff = UserFactory(staff=True)
    with testing.outage("connection"):
        services.call_off_group(group=group, by=staff)
        services.finish_called_off()
    assert states(held, also_held) == [Status.PENDING] * 2
    services.finish_called_off()
    assert states(held, also_held) == [Status.CANCELLED] * 2


def test_a_slow_stripe_holds_the_sweeper_for_seconds_only(group, take, monkeypatch):
    held = [take(pays=False), take(pays=False)]
    services.call_off_group(group=group, by=group.mentor.user)
    monkeypatch.setattr(checkout, "LONGEST_ROUND_SECONDS", 0.05)
    with testing.outage("slow", seconds=0.06):
        services.finish_called_off()
        assert sorted(states(*held)) == [Status.CANCELLED, Status.PENDING]
        services.finish_called_off()
    assert states(*held) == [Status.CANCELLED] * 2


def test_one_who_pays_while_the_whole_is_called_off_gets_it_back(group, take, work):
    held = take(pays=False)
    testing.pay(charge_of(held).stripe_checkout_session_id)
    services.call_off_group(group=group, by=group.mentor.user)
    work()
    services.finish_called_off()
    work()
    held.refresh_from_db()
    assert (held.status, charge_of(held).status) == (Status.CANCELLED, Ledger.REFUNDED)


def test_each_seat_is_paid_out_by_itself(group, take, work):
    first, second = take(), take()
    session = Session.objects.get()
    rooms.start_session(session=session, user=group.mentor.user, now=group.starts_at)
    rooms.end_session(session=session, user=group.mentor.user, now=group.ends_at)
    services.send_due_transfers(now=group.ends_at + 49 * HOUR)
    work()
    sent = Transaction.objects.filter(type=Transaction.Type.PAYOUT, status=Ledger.SUCCEEDED)
    assert {row.booking for row in sent} == {first, second}
    assert {row.amount_minor for row in sent} == {922}
