"""Payments that nobody waits for (any more): too late, of another sum, or for the second time."""

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse

from bookings import services as bookings
from bookings.models import Booking
from mentormatch.notifications.models import Mail
from payments import services
from payments.models import Transaction, WebhookEvent
from payments.services import ledger
from payments.services.recording import record_checkout
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import StripeService
from tests.factories import BookingFactory

pytestmark = pytest.mark.django_db
Status = Transaction.Status
WAYS = ["webhook", "return page", "sweeper"]


@pytest.fixture
def news(login, work):
    """`news(way, booking)` lets us hear of a payment by that way, and the page's answer."""

    def hear(way: str, booking: Booking):
        answer = None
        if way == "return page":
            client = login(booking.mentee)
            answer = client.get(reverse("payments:return", args=[booking.code]), follow=True)
        elif way == "sweeper":
            services.expire_unpaid(now=booking.created_at + dt.timedelta(hours=2))
        work()
        return answer

    return hear


@pytest.fixture
def late(freeze, mentor) -> Transaction:
    """Paid in the last minute, heard of after the hold was let go."""
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    clock.shift(dt.timedelta(minutes=36))
    bookings.expire_hold(booking=booking)
    return row


@pytest.mark.parametrize("way", WAYS[:2])
def test_late_and_still_free_is_confirmed(late, news, way):
    answer = news(way, late.booking)
    late.refresh_from_db()
    late.booking.refresh_from_db()
    assert (late.status, late.booking.status) == (Status.SUCCEEDED, Booking.Status.CONFIRMED)
    assert not late.children.exists()
    assert Mail.objects.filter(recipient=late.mentee, kind="booking_confirmed").count() == 1
    assert answer is None or b"Paid and confirmed" in answer.content


@pytest.mark.parametrize("way", WAYS[:2])
def test_late_and_taken_is_given_back_in_full_and_told(late, news, way):
    BookingFactory(mentor=late.mentor, starts_at=late.booking.starts_at)
    answer = news(way, late.booking)
    late.refresh_from_db()
    late.booking.refresh_from_db()
    assert (late.status, late.booking.status) == (Status.REFUNDED, Booking.Status.CANCELLED)
    assert [row.body["amount"] for row in StripeObject.objects.filter(type="refund")] == [6000]
    told = set(Mail.objects.filter(recipient=late.mentee).values_list("kind", flat=True))
    assert "refund_made" in told
    assert "booking_confirmed" not in told
    assert answer is None or b"You get all of it back" in answer.content


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("came", [{"amount_received": 100}, {"currency": "usd"}])
def test_another_sum_confirms_nothing_and_staff_are_told(booking, opened, news, way, came):
    testing.pay(opened.stripe_checkout_session_id)
    intent = StripeObject.objects.get(type="payment_intent")
    intent.body |= came
    intent.save()
    answer = news(way, booking)
    opened.refresh_from_db()
    booking.refresh_from_db()
    assert opened.status in Transaction.OPEN if way != "sweeper" else opened.status == Status.FAILED
    assert booking.confirmed_at is None
    assert "Stripe says that" in opened.needs_attention
    assert opened.metadata["unexpected_payments"][0]["payment_intent"] == intent.stripe_id
    assert answer is None or b"pay again" in answer.content


@pytest.fixture
def twice(opened) -> list[str]:
    """Two checkouts of one charge, as only someone with our key could make; both were paid."""
    again = Transaction.objects.get()
    again.attempts += 1
    second = StripeService().create_checkout_session(transaction=again)
    for session in (opened.stripe_checkout_session_id, second.id):
        testing.pay(session)
    rows = StripeObject.objects.filter(type="payment_intent").order_by("seq")
    return [row.stripe_id for row in rows]


@pytest.mark.parametrize("reorder", [False, True])
@pytest.mark.parametrize("lost", ["", "payment_intent.succeeded", "checkout.session.completed"])
@pytest.mark.parametrize("way", WAYS[:2])
def test_a_second_payment_is_never_kept_silently(
    booking, opened, twice, news, run_tasks, way, lost, reorder
):
    if way == "return page":
        services.settle(booking=booking)
    with testing.knobs(reorder=reorder, drop={lost}):
        testing.deliver_events()
        news("webhook", booking)
    opened.refresh_from_db()
    booking.refresh_from_db()
    assert (opened.status, booking.status) == (Status.SUCCEEDED, Booking.Status.CONFIRMED)
    kept = opened.stripe_payment_intent_id
    assert "second time" in opened.needs_attention
    [told] = opened.metadata["unexpected_payments"]
    assert {kept, told["payment_intent"]} == set(twice)
    assert Transaction.objects.count() == 1
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def test_the_right_sum_after_a_wrong_one_leaves_the_wrong_one_to_staff(opened, twice):
    for session in StripeObject.objects.filter(type="checkout.session").order_by("seq"):
        checkout = StripeService().retrieve_checkout_session(session.stripe_id)
        if session.stripe_id == opened.stripe_checkout_session_id:
            checkout = replace(checkout, payment=replace(checkout.payment, amount_minor=100))
        record_checkout(transaction=opened, checkout=checkout)
    opened.refresh_from_db()
    assert (opened.status, opened.stripe_payment_intent_id) == (Status.SUCCEEDED, twice[1])
    assert "Stripe says that 100 eur came" in opened.needs_attention


def test_a_debit_that_failed_days_later_frees_the_time(booking, opened):
    """Only cards are asked for now; the account's settings at Stripe may say otherwise one day."""
    testing.pay(opened.stripe_checkout_session_id)
    paid = StripeService().retrieve_checkout_session(opened.stripe_checkout_session_id)
    on_its_way = replace(
        paid, payment_status="unpaid", payment=replace(paid.payment, status="processing")
    )
    record_checkout(transaction=opened, checkout=on_its_way)
    assert opened.status == Status.PROCESSING
    failed = replace(on_its_way, payment=replace(paid.payment, status="requires_payment_method"))
    later = booking.hold_expires_at + dt.timedelta(days=3)
    record_checkout(transaction=opened, checkout=failed, now=later)
    booking.refresh_from_db()
    assert opened.status == Status.FAILED
    assert booking.cancellation_code == Booking.CancellationCode.EXPIRED


def test_a_charge_written_down_as_its_hold_ran_out_does_not_wait_for_ever(
    booking, monkeypatch, freeze
):
    """The other tab's row came after the sweeper looked for one, and then that tab was killed."""
    freeze(booking.hold_expires_at)
    read, rows = ledger.charge_of, []

    def read_then_open(asked):
        row = read(asked)
        if not rows:
            rows.append(ledger.open_charge(booking=asked, now=asked.created_at))
        return row

    monkeypatch.setattr(ledger, "charge_of", read_then_open)
    services.expire_unpaid()
    booking.refresh_from_db()
    rows[0].refresh_from_db()
    assert (booking.status, rows[0].status) == (Booking.Status.CANCELLED, Status.FAILED)
