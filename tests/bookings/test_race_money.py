"""A hold runs out while its owner pays and another books: one has the time, nobody loses money."""

import datetime as dt
from contextlib import suppress
from threading import Barrier

import pytest

from bookings import services as bookings
from bookings.models import Booking
from mentormatch.background.testing import run_tasks
from mentormatch.errors import Conflict
from payments import services
from payments.models import Transaction
from payments.stripe_emulator import testing
from tests.bookings.race_guards import SOLD_TWICE, WAIT, broken, no_guard, unlock
from tests.bookings.test_concurrency import at_once, booking_of
from tests.budget import budget
from tests.factories import BookingFactory, MentorFactory, UserFactory, in_two_days, open_every_day
from tests.payments.conftest import onboarded

pytestmark = pytest.mark.django_db(transaction=True)
SECOND, HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)
Status = Transaction.Status


@pytest.fixture
def mentor():
    mentor = MentorFactory(is_payable=False)
    onboarded(mentor)
    open_every_day(mentor, always=True)
    return mentor


def held_booking(mentor, **kwargs) -> Booking:
    """To be paid, with its checkout open at Stripe."""
    held = BookingFactory(mentor=mentor, to_pay=True, **kwargs)
    services.open_checkout(booking=held, user=held.mentee)
    held.refresh_from_db()
    return held


def charge_of(booking: Booking) -> Transaction:
    return Transaction.objects.get(booking=booking, type=Transaction.Type.BOOKING)


def pay(booking: Booking) -> None:
    """On Stripe's page, then back; where that page is closed already, nobody can pay."""
    try:
        testing.pay(charge_of(booking).stripe_checkout_session_id)
    except ValueError:
        return
    services.settle(booking=booking)


def until_quiet() -> None:
    """Everything that Stripe has to tell is told and worked off."""
    run_tasks()
    while testing.waiting():
        testing.deliver_events()
        run_tasks()


def rival_goes_on(rival, book) -> None:
    """Who came too early tries once more; who has the time pays for it."""
    if not rival.bookings.exists():
        with suppress(Conflict):
            book()
    for theirs in rival.bookings.all():
        services.open_checkout(booking=theirs, user=rival)
        pay(theirs)


def check(slot: dt.datetime) -> Booking:
    """One has the time and has paid for it; what anyone else paid went back, all of it."""
    until_quiet()
    for row in Transaction.objects.filter(type=Transaction.Type.BOOKING, booking__starts_at=slot):
        if row.booking.status == Booking.Status.CONFIRMED:
            assert row.status == Status.SUCCEEDED
        elif row.stripe_charge_id:
            assert row.status == Status.REFUNDED
            assert [back.amount_minor for back in row.children.all()] == [row.amount_minor]
        else:
            assert row.status == Status.FAILED
    assert (broken(), testing.differences()) == ({}, [])
    return Booking.objects.get(starts_at=slot, status=Booking.Status.CONFIRMED)


@pytest.mark.stress
def test_paying_expiring_and_booking_at_once_confirms_one(mentor, figure):
    rounds, kept = budget(3, 100), 0
    for n in range(rounds):
        owners = held_booking(mentor, starts_at=in_two_days() + n * HOUR)
        rival, late = UserFactory(), owners.hold_expires_at + SECOND
        book = booking_of(mentor, rival, owners.starts_at)
        at_once(lambda b=owners: pay(b), lambda now=late: services.expire_unpaid(now=now), book)
        rival_goes_on(rival, book)
        kept += check(owners.starts_at) == owners
    figure("holds that ran out while they were paid", f"{rounds}, kept by their owner: {kept}")


def paid_but_expired(mentor) -> Booking:
    """Its money is at Stripe, and we let go of it before we heard of that."""
    owners = held_booking(mentor)
    testing.pay(charge_of(owners).stripe_checkout_session_id)
    assert bookings.expire_hold(booking=owners, now=owners.hold_expires_at)
    return owners


def hear_and_book_at_once(monkeypatch, off, owners, book) -> None:
    """We hear of the owner's payment in the moment in which the rival books."""
    with monkeypatch.context() as patch:
        if "lock" in off:
            unlock(patch.setattr, Barrier(2, timeout=WAIT).wait)
        at_once(lambda: services.settle(booking=owners), book)


@pytest.mark.parametrize("off", ["nothing", "lock"])
def test_a_late_payment_and_a_new_booking_at_once_confirm_one(mentor, monkeypatch, off):
    owners, rival = paid_but_expired(mentor), UserFactory()
    book = booking_of(mentor, rival, owners.starts_at)
    hear_and_book_at_once(monkeypatch, off, owners, book)
    rival_goes_on(rival, book)
    check(owners.starts_at)


def test_without_guard_and_lock_both_have_the_time(mentor, monkeypatch):
    owners, rival = paid_but_expired(mentor), UserFactory()
    with no_guard():
        book = booking_of(mentor, rival, owners.starts_at)
        hear_and_book_at_once(monkeypatch, "guard and lock", owners, book)
        assert broken() == {SOLD_TWICE: 1}
        assert rival.bookings.get().status == Booking.Status.PENDING
        owners.refresh_from_db()
        assert owners.status == Booking.Status.CONFIRMED
