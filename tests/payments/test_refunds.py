"""Money that goes back: once, never more than came, and told as it stands at Stripe."""

import datetime as dt
from dataclasses import replace

import pytest

from bookings import services as bookings
from bookings.models import Booking
from mentormatch.errors import Conflict, StripeError
from payments import services
from payments.models import Transaction
from payments.services import ledger, sending
from payments.services.sending import STUCK_AFTER
from payments.signals import refund_made
from payments.stripe_emulator import context, testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import refunds as at_stripe
from payments.stripe_service import StripeService
from payments.stripe_types import Refund

pytestmark = pytest.mark.django_db
Status = Transaction.Status


def refunds_at_stripe() -> list[int]:
    rows = StripeObject.objects.filter(type="refund")
    return [row.body["amount"] for row in rows]


def test_the_mentee_in_time_gets_everything_back(booking, paid, work):
    told = []

    def receiver(**kwargs):
        told.append(kwargs["transaction"])

    refund_made.connect(receiver)
    services.call_off(booking=booking, by=booking.mentee, reason="I fell ill")
    row = paid.children.get()
    assert (row.status, row.reason) == (Status.PENDING, "I fell ill")
    assert refunds_at_stripe() == []
    work()
    refund_made.disconnect(receiver)
    row.refresh_from_db()
    paid.refresh_from_db()
    assert (row.status, row.amount_minor, row.platform_fee_minor) == (Status.SUCCEEDED, 6000, 600)
    assert row.stripe_refund_id
    assert paid.status == Status.REFUNDED
    assert refunds_at_stripe() == [6000]
    assert told == [row]


def test_the_mentee_late_gets_nothing_back(booking, paid, work, freeze):
    freeze(booking.starts_at - dt.timedelta(hours=23))
    services.call_off(booking=booking, by=booking.mentee)
    work()
    booking.refresh_from_db()
    paid.refresh_from_db()
    assert booking.status == Booking.Status.CANCELLED
    assert paid.status == Status.SUCCEEDED
    assert not paid.children.exists()


def test_the_mentor_late_gives_everything_back(booking, paid, work, freeze):
    freeze(booking.starts_at - dt.timedelta(hours=1))
    services.call_off(booking=booking, by=booking.mentor.user)
    work()
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED


@pytest.mark.parametrize("mode", ["connection", "answer_lost", "500", "429"])
def test_a_refund_is_sent_once_whatever_the_network_does(booking, paid, run_tasks, mode):
    services.call_off(booking=booking, by=booking.mentee)
    row = paid.children.get()
    with testing.outage(mode), pytest.raises(StripeError):
        services.send_refund(transaction=row)
    assert row.status == Status.PENDING
    assert row.last_error
    services.send_refund(transaction=row)
    services.send_refund(transaction=row)
    run_tasks()
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED
    assert refunds_at_stripe() == [6000]


def test_a_refund_that_went_out_under_another_key_is_found(booking, paid):
    """Stripe failed after it had done the work: the next attempt has a new key."""
    services.call_off(booking=booking, by=booking.mentee)
    row = paid.children.get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_refund(transaction=row)
    ledger.note(transaction=row, attempts=2)
    services.send_refund(transaction=row)
    assert row.status == Status.SUCCEEDED
    assert refunds_at_stripe() == [6000]


def test_a_stuck_refund_is_taken_up_again(booking, paid, run_tasks):
    services.call_off(booking=booking, by=booking.mentee)
    with testing.outage("connection"):
        run_tasks(may_fail=True)
    row = paid.children.get()
    assert services.resend_stuck() == 0
    assert services.resend_stuck(now=row.next_attempt_at + STUCK_AFTER) == 1
    run_tasks(may_fail=True)
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED


def test_a_refused_refund_is_left_to_staff_who_may_retry(booking, paid, run_tasks):
    charge = StripeObject.objects.get(stripe_id=paid.stripe_charge_id)
    charge.body["disputed"] = True
    charge.save()
    services.call_off(booking=booking, by=booking.mentee)
    run_tasks()
    row = paid.children.get()
    assert row.status == Status.FAILED
    assert "charged back" in row.needs_attention
    charge.body["disputed"] = False
    charge.save()
    again = services.retry(transaction=row)
    run_tasks()
    again.refresh_from_db()
    row.refresh_from_db()
    assert (again.status, row.needs_attention) == (Status.SUCCEEDED, "")
    with pytest.raises(Conflict):
        services.retry(transaction=again)


def test_never_more_back_than_came(paid, run_tasks):
    services.request_refund(charge=paid, amount_minor=4000, reason="half an hour late")
    with pytest.raises(Conflict):
        services.request_refund(charge=paid, amount_minor=2001, reason="more")
    run_tasks()
    paid.refresh_from_db()
    assert paid.status == Status.PARTIALLY_REFUNDED
    services.request_refund(charge=paid, amount_minor=2000, reason="the rest")
    run_tasks()
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert sum(row.platform_fee_minor for row in paid.children.all()) == paid.platform_fee_minor


def test_only_what_was_paid_goes_back(opened):
    with pytest.raises(Conflict):
        services.request_refund(charge=opened, amount_minor=100, reason="")


def test_a_refund_made_at_stripe_joins_the_ledger(paid, work):
    charge = StripeObject.objects.get(stripe_id=paid.stripe_charge_id)
    at_stripe.create(
        context.for_account(charge.account), {"charge": paid.stripe_charge_id, "amount": 1500}
    )
    work()
    paid.refresh_from_db()
    row = paid.children.get()
    assert (row.amount_minor, row.status) == (1500, Status.SUCCEEDED)
    assert row.needs_attention
    assert paid.status == Status.PARTIALLY_REFUNDED


def test_a_refund_on_its_way_that_fails_is_left_to_staff(booking, paid):
    services.call_off(booking=booking, by=booking.mentee)
    row = paid.children.get()

    def at(status: str, failure: str = "") -> Refund:
        return Refund("re_1", status, 6000, "eur", paid.stripe_charge_id, "", {}, failure)

    services.record_refund(transaction=row, refund=at("pending"))
    assert row.status == Status.PROCESSING
    services.record_refund(transaction=row, refund=at("failed", "lost_or_stolen_card"))
    assert row.status == Status.FAILED
    assert "lost_or_stolen_card" in row.needs_attention
    paid.refresh_from_db()
    assert paid.status == Status.SUCCEEDED


def test_cancelling_again_gives_nothing_back_twice(booking, paid, work):
    services.call_off(booking=booking, by=booking.mentee)
    services.call_off(booking=booking, by=booking.mentee)
    with pytest.raises(Conflict):
        bookings.cancel_booking(booking=booking, by=booking.mentor.user)
    work()
    assert refunds_at_stripe() == [6000]


def test_a_booking_of_which_a_part_went_back_can_still_be_cancelled(booking, paid, work):
    services.request_refund(charge=paid, amount_minor=1500, reason="a bad start")
    work()
    services.call_off(booking=booking, by=booking.mentee)
    work()
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED
    assert refunds_at_stripe() == [1500, 4500]


def test_a_refund_that_the_bank_sent_back_can_be_sent_again(booking, paid, work):
    services.call_off(booking=booking, by=booking.mentee)
    work()
    row = paid.children.get()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    paid.refresh_from_db()
    assert (row.status, paid.status) == (Status.FAILED, Status.SUCCEEDED)
    assert row.needs_attention
    again = services.retry(transaction=row)
    work()
    again.refresh_from_db()
    paid.refresh_from_db()
    assert (again.status, paid.status) == (Status.SUCCEEDED, Status.REFUNDED)


def failed_at_the_bank(row, work) -> Transaction:
    """It had gone through, and its bank sent it back."""
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    row.refresh_from_db()
    return row


def test_a_part_that_failed_is_sent_again_once_however_many_staff_ask(paid, work):
    row = services.request_refund(charge=paid, amount_minor=2000, reason="a bad line")
    work()
    failed = failed_at_the_bank(row, work)
    seen_by_another = Transaction.objects.get(pk=failed.pk)
    again = services.retry(transaction=failed)
    for asked in (seen_by_another, failed):
        with pytest.raises(Conflict, match="already"):
            services.retry(transaction=asked)
    work()
    again.refresh_from_db()
    assert again.status == Status.SUCCEEDED
    assert [row.amount_minor for row in paid.children.refunds().standing()] == [2000]
    assert refunds_at_stripe() == [2000, 2000]
    assert testing.differences() == []


def test_older_news_does_not_revive_a_refund_that_failed(paid):
    row = services.request_refund(charge=paid, amount_minor=2000, reason="a bad line")
    sent = StripeService().create_refund(transaction=row)
    for status in ("succeeded", "failed", "succeeded", "pending"):
        services.record_refund(transaction=row, refund=replace(sent, status=status))
    paid.refresh_from_db()
    assert (row.status, paid.status) == (Status.FAILED, Status.SUCCEEDED)


def test_a_part_that_failed_takes_its_rounding_along(paid, work):
    """20.05 has 2.00 of the fee, and what makes 60.00 of it 4.00: alone it would be 3.99."""
    first = services.request_refund(charge=paid, amount_minor=2005, reason="a part")
    services.request_refund(charge=paid, amount_minor=3995, reason="the rest")
    work()
    services.retry(transaction=failed_at_the_bank(first, work))
    work()
    rows = paid.children.refunds().standing()
    assert sorted(row.platform_fee_minor for row in rows) == [200, 400]
    assert ledger.passed_on_minor(paid) == 0


def test_a_refund_whose_key_is_forgotten_is_looked_for_first(paid, run_tasks, freeze):
    """Stripe keeps a key for a day; the outage lasted longer, and the first call had gone out."""
    row = services.request_refund(charge=paid, amount_minor=2000, reason="half")
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_refund(transaction=row)
    freeze(row.created_at + dt.timedelta(hours=25))
    services.send_refund(transaction=row)
    assert row.status == Status.SUCCEEDED
    assert refunds_at_stripe() == [2000]


def test_a_refund_that_stripe_still_works_on_is_asked_about(booking, paid, run_tasks):
    """Its last event never came."""
    services.call_off(booking=booking, by=booking.mentee)
    row = paid.children.get()
    sent = StripeService().create_refund(transaction=row)
    services.record_refund(transaction=row, refund=replace(sent, status="pending"))
    assert row.status == Status.PROCESSING
    assert services.resend_stuck(now=row.next_attempt_at) == 1
    run_tasks()
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED
    assert refunds_at_stripe() == [6000]


def test_what_went_out_and_was_refused_later_is_not_sent_again(paid, run_tasks, monkeypatch):
    """Its answer was lost; the next call was refused, and its event never came."""
    row = services.request_refund(charge=paid, amount_minor=2000, reason="half")
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_refund(transaction=row)
    sending.refused(row, "This platform may not make refunds at the moment.")
    assert services.retry(transaction=row) == row
    assert (row.status, row.needs_attention) == (Status.SUCCEEDED, "")
    assert refunds_at_stripe() == [2000]


def test_a_wrong_key_loses_no_refund(booking, paid, run_tasks, settings):
    """It was rolled at Stripe and not here yet: that is no refusal of this refund."""
    services.call_off(booking=booking, by=booking.mentee)
    row = paid.children.get()
    right, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_" + "x" * 24
    with pytest.raises(StripeError):
        services.send_refund(transaction=row)
    assert (row.status, row.needs_attention) == (Status.PENDING, "")
    settings.STRIPE_SECRET_KEY = right
    services.send_refund(transaction=row)
    assert refunds_at_stripe() == [6000]
