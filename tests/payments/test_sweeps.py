"""What the sweeper does when Stripe is slow or fails, and what staff are told of."""

import datetime as dt
from dataclasses import replace

import pytest

from bookings.models import Booking
from payments import services
from payments.models import Transaction, WebhookEvent
from payments.services import checkout as checkouts
from payments.services.webhooks import GIVEN_UP_AFTER
from payments.stripe_emulator import testing
from payments.stripe_service import StripeBroken, StripeService
from tests.factories import BookingFactory, WebhookEventFactory, in_two_days

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdue(freeze, mentor):
    """Three holds with a checkout, all run out."""
    clock, first = freeze(), in_two_days()
    hours = [first + dt.timedelta(hours=2 * n) for n in range(3)]
    found = [BookingFactory(mentor=mentor, to_pay=True, starts_at=hour) for hour in hours]
    for booking in found:
        services.open_checkout(booking=booking, user=booking.mentee)
    clock.shift(dt.timedelta(minutes=36))
    return found


def expired() -> int:
    return Booking.objects.filter(cancellation_code=Booking.CancellationCode.EXPIRED).count()


def test_one_checkout_that_stripe_fails_at_holds_up_no_other(overdue, monkeypatch):
    ask, broken = StripeService.expire_checkout_session, overdue[0].transactions.get()

    def fail_at_one(self, session_id):
        if session_id == broken.stripe_checkout_session_id:
            raise StripeBroken
        return ask(self, session_id)

    monkeypatch.setattr(StripeService, "expire_checkout_session", fail_at_one)
    services.expire_unpaid()
    assert expired() == 2


def test_a_slow_stripe_holds_the_sweeper_for_seconds_only(overdue, monkeypatch):
    monkeypatch.setattr(checkouts, "LONGEST_ROUND_SECONDS", 0.05)
    with testing.outage("slow", seconds=0.06):
        services.expire_unpaid()
        assert expired() == 1
        services.expire_unpaid()
        services.expire_unpaid()
    assert expired() == 3


def test_staff_are_told_of_an_event_that_was_given_up(freeze):
    event = WebhookEventFactory(handled_at=None, last_error="Stripe can't be reached")
    freeze(event.created_at + GIVEN_UP_AFTER + dt.timedelta(minutes=1))
    assert services.retry_stuck() == 0
    event.refresh_from_db()
    assert event.needs_attention
    assert WebhookEvent.objects.filter(handled_at=None).exclude(needs_attention="").count() == 1


@pytest.mark.parametrize("other", [{"amount_minor": 100}, {"currency": "usd"}])
def test_another_sum_than_was_asked_for_confirms_nothing(opened, freeze, other):
    """Only someone with our key could make that: staff look at it."""
    testing.pay(opened.stripe_checkout_session_id)
    checkout = StripeService().retrieve_checkout_session(opened.stripe_checkout_session_id)
    payment = replace(checkout.payment, **other)
    assert not services.record_payment(transaction=opened, payment=payment)
    opened.refresh_from_db()
    assert opened.status == Transaction.Status.PENDING
    assert opened.booking.is_to_pay
    assert "Stripe says that" in opened.needs_attention
    assert services.record_payment(transaction=opened, payment=checkout.payment)
    opened.refresh_from_db()
    assert opened.needs_attention == ""
    assert opened.booking.status == Booking.Status.CONFIRMED
