"""From the open checkout to the confirmed booking, whoever brings the news first."""

import datetime as dt

import pytest

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, StripeError
from payments import services
from payments.models import Transaction, WebhookEvent
from payments.services import checkout as checkouts
from payments.signals import payment_failed, payment_received
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import StripeService
from tests.factories import BookingFactory
from tests.payments.conftest import DECLINED

pytestmark = pytest.mark.django_db
Status = Transaction.Status


@pytest.fixture
def heard():
    """The names of the signals that were sent, in their order."""
    names: list[str] = []

    def received(**kwargs):
        names.append("received")

    def failed(**kwargs):
        names.append("failed")

    payment_received.connect(received)
    payment_failed.connect(failed)
    yield names
    payment_received.disconnect(received)
    payment_failed.disconnect(failed)


def charges():
    return StripeObject.objects.filter(type="charge", body__paid=True)


def test_checkout_is_paid_and_confirmed_by_webhook(now, opened, work, heard):
    assert opened.checkout_url.startswith("http://localhost:8000/_stripe/checkout/cs_test_")
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.SUCCEEDED
    assert opened.booking.status == Booking.Status.CONFIRMED
    assert opened.succeeded_at == now
    assert opened.stripe_payment_intent_id.startswith("pi_")
    assert opened.stripe_charge_id == charges().get().stripe_id
    assert (opened.settled_minor, opened.settled_currency) == (6000, "eur")
    assert opened.stripe_fee_minor > 0
    assert heard == ["received"]
    assert not WebhookEvent.objects.filter(handled_at=None).exists()


def test_opening_again_gives_the_open_one(booking, opened):
    again = services.open_checkout(booking=booking, user=booking.mentee)
    assert again == opened
    assert again.checkout_url == opened.checkout_url
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_opening_holds_the_time_until_the_checkout_ends(freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    before = booking.hold_expires_at
    clock.shift(dt.timedelta(minutes=20))
    row = services.open_checkout(booking=booking, user=booking.mentee)
    booking.refresh_from_db()
    assert booking.hold_expires_at == row.checkout_expires_at > before
    clock.shift(dt.timedelta(minutes=5))
    services.open_checkout(booking=booking, user=booking.mentee)
    booking.refresh_from_db()
    assert booking.hold_expires_at == row.checkout_expires_at


@pytest.mark.parametrize("mode", ["connection", "timeout", "answer_lost", "500", "429"])
def test_an_outage_keeps_the_hold_and_charges_once_later(booking, work, mode):
    with testing.outage(mode), pytest.raises(StripeError) as refusal:
        services.open_checkout(booking=booking, user=booking.mentee)
    assert refusal.value.retryable
    booking.refresh_from_db()
    assert booking.is_to_pay
    row = services.open_checkout(booking=booking, user=booking.mentee)
    assert booking.transactions.get() == row
    testing.pay(row.stripe_checkout_session_id)
    work()
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert charges().count() == 1


def test_a_lost_answer_is_found_again_by_its_key(booking):
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.open_checkout(booking=booking, user=booking.mentee)
    services.open_checkout(booking=booking, user=booking.mentee)
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_a_checkout_asked_for_too_long_ago_gets_a_new_key(freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    with testing.outage("connection"), pytest.raises(StripeError):
        services.open_checkout(booking=booking, user=booking.mentee)
    clock.shift(dt.timedelta(minutes=20))
    row = services.open_checkout(booking=booking, user=booking.mentee)
    assert row.attempts == 2
    assert row.checkout_expires_at >= row.created_at + dt.timedelta(minutes=50)


def test_only_the_mentee_pays(booking):
    with pytest.raises(Forbidden):
        services.open_checkout(booking=booking, user=booking.mentor.user)
    assert not Transaction.objects.exists()


def test_nothing_to_pay_twice_or_too_late(booking, paid):
    booking.refresh_from_db()
    with pytest.raises(Conflict):
        services.open_checkout(booking=booking, user=booking.mentee)
    late = BookingFactory(
        mentor=booking.mentor,
        to_pay=True,
        starts_at=booking.starts_at + dt.timedelta(hours=3),
        hold_expires_at=booking.created_at - dt.timedelta(minutes=1),
    )
    with pytest.raises(Conflict) as refusal:
        services.open_checkout(booking=late, user=late.mentee)
    assert refusal.value.code == "hold_expired"


def test_a_mentor_who_cannot_be_paid_is_not_sold(booking):
    type(booking.mentor).objects.update(is_payable=False)
    booking.mentor.refresh_from_db()
    with pytest.raises(Conflict) as refusal:
        services.open_checkout(booking=booking, user=booking.mentee)
    assert refusal.value.code == "not_payable"


def test_return_page_before_the_webhook(booking, opened, work, heard):
    testing.pay(opened.stripe_checkout_session_id)
    assert services.settle(booking=booking).status == Status.SUCCEEDED
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    work()
    assert heard == ["received"]
    assert Transaction.objects.count() == 1


def test_return_page_after_the_webhook(booking, paid, heard):
    assert services.settle(booking=booking) == paid
    assert heard == []
    assert Transaction.objects.count() == 1


def test_return_page_without_paying_changes_nothing(booking, opened):
    assert services.settle(booking=booking).status == Status.PENDING
    booking.refresh_from_db()
    assert booking.is_to_pay


def test_declined_then_paid_with_another_card(booking, opened, work, heard):
    assert testing.pay(opened.stripe_checkout_session_id, DECLINED)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.FAILED
    assert opened.last_error
    booking.refresh_from_db()
    assert booking.is_to_pay
    again = services.open_checkout(booking=booking, user=booking.mentee)
    assert again.checkout_url == opened.checkout_url
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.SUCCEEDED
    assert heard == ["failed", "received"]


def test_events_of_a_decline_that_come_after_the_payment(opened, work, heard):
    testing.pay(opened.stripe_checkout_session_id, DECLINED)
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.SUCCEEDED
    assert heard == ["received"]


def test_a_hold_that_ran_out_is_freed_after_asking_stripe(freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    clock.shift(dt.timedelta(minutes=36))
    with testing.outage("connection"):
        services.expire_unpaid()
    booking.refresh_from_db()
    assert booking.is_to_pay
    services.expire_unpaid()
    booking.refresh_from_db()
    row.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.EXPIRED
    assert row.status == Status.FAILED


def test_a_hold_without_a_checkout_is_freed(freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    clock.shift(dt.timedelta(minutes=36))
    services.expire_unpaid()
    booking.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.EXPIRED


@pytest.mark.parametrize("given_up", [False, True])
def test_a_checkout_that_stripe_does_not_know_holds_no_time(freeze, mentor, given_up):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    Transaction.objects.update(stripe_checkout_session_id="cs_test_gone")
    if given_up:
        services.call_off(booking=booking, by=booking.mentee)
    else:
        clock.shift(dt.timedelta(minutes=36))
        services.expire_unpaid()
    booking.refresh_from_db()
    row.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED
    assert row.status == Status.FAILED
    assert row.needs_attention


def test_a_hold_that_ran_out_and_was_paid_is_confirmed(freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    clock.shift(dt.timedelta(minutes=36))
    services.expire_unpaid()
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


@pytest.fixture
def paid_late(freeze, mentor):
    """Paid at the last moment; the hold ran out before we heard of it."""
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    clock.shift(dt.timedelta(minutes=36))
    bookings.expire_hold(booking=booking)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED
    return row


def test_paid_late_and_still_free_is_confirmed(paid_late, work):
    work()
    paid_late.refresh_from_db()
    assert paid_late.booking.status == Booking.Status.CONFIRMED
    assert not paid_late.children.exists()


def test_paid_late_and_taken_is_refunded(paid_late, work):
    other = BookingFactory(mentor=paid_late.mentor, starts_at=paid_late.booking.starts_at)
    work()
    paid_late.refresh_from_db()
    other.refresh_from_db()
    assert other.status == Booking.Status.CONFIRMED
    assert paid_late.booking.status == Booking.Status.CANCELLED
    assert paid_late.status == Status.REFUNDED
    assert paid_late.children.get().status == Status.SUCCEEDED
    assert charges().get().body["amount_refunded"] == 6000


def test_giving_up_an_unpaid_hold_closes_its_checkout(booking, opened, work):
    services.call_off(booking=booking, by=booking.mentee, reason="changed my mind")
    booking.refresh_from_db()
    opened.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.CANCELLED
    assert booking.cancelled_by == Booking.Side.MENTEE
    assert opened.status == Status.FAILED
    with pytest.raises(ValueError, match="expired"):
        testing.pay(opened.stripe_checkout_session_id)
    work()
    booking.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.CANCELLED


def test_giving_up_while_paying_is_a_cancellation_with_refund(booking, opened, work):
    testing.pay(opened.stripe_checkout_session_id)
    services.call_off(booking=booking, by=booking.mentee)
    booking.refresh_from_db()
    assert (booking.status, booking.refund_minor) == (Booking.Status.CANCELLED, 6000)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.REFUNDED


def test_giving_up_needs_stripe_where_a_checkout_is_open(booking, opened):
    with testing.outage("connection"), pytest.raises(StripeError):
        services.call_off(booking=booking, by=booking.mentee)
    booking.refresh_from_db()
    assert booking.is_to_pay


def test_giving_up_without_a_checkout_asks_nobody(booking):
    with testing.outage("connection"):
        services.call_off(booking=booking, by=booking.mentee)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED


def test_a_checkout_that_opened_too_late_is_closed(booking, opened):
    """The booking was given up while Stripe was answering."""
    checkout = StripeObject.objects.get(stripe_id=opened.stripe_checkout_session_id)
    Transaction.objects.update(stripe_checkout_session_id=None, checkout_url="")
    booking.refresh_from_db()
    bookings.cancel_booking(booking=booking, by=booking.mentee)
    row = Transaction.objects.get()
    answer = StripeService().create_checkout_session(transaction=row)
    assert answer.id == checkout.stripe_id
    with pytest.raises(Conflict):
        checkouts._remember(row, answer)
    checkout.refresh_from_db()
    assert checkout.status == "expired"


def test_a_session_that_was_over_when_it_was_paid_for_is_refunded_and_let_go(freeze, mentor, work):
    """Booked at the last minute: the hold outlives the session."""
    clock = freeze()
    soon = times.now() + dt.timedelta(minutes=10)
    booking = BookingFactory(mentor=mentor, to_pay=True, starts_at=soon, duration_minutes=15)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    clock.shift(dt.timedelta(minutes=30))
    testing.pay(row.stripe_checkout_session_id)
    work()
    row.refresh_from_db()
    assert row.status == Status.REFUNDED
    clock.shift(dt.timedelta(minutes=10))
    assert services.expire_unpaid() == 1
    assert services.expire_unpaid() == 0
    booking.refresh_from_db()
    assert booking.cancellation_code == Booking.CancellationCode.EXPIRED
