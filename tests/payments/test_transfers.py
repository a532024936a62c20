"""The mentor's part: on its way after two days, once, and never of what went back."""

import datetime as dt

import pytest

from mentormatch import times
from mentormatch.errors import Conflict, StripeError
from payments import services, trail
from payments.models import PaymentAccount, Transaction, WebhookEvent
from payments.services import sending
from payments.signals import transfer_made
from payments.stripe_emulator import context, testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import refunds as at_stripe
from payments.stripe_emulator.testing import books_add_up, differences
from tests.payments.conftest import onboarded
from tests.payments.money import sent

pytestmark = pytest.mark.django_db
Status = Transaction.Status
DELAY = dt.timedelta(hours=48)


def test_net_leaves_two_days_after_completion(completed, paid, work, freeze):
    told = []

    def receiver(**kwargs):
        told.append(kwargs["transaction"])

    transfer_made.connect(receiver)
    freeze(completed.completed_at + DELAY - dt.timedelta(seconds=1))
    assert services.send_due_transfers() == 0
    freeze(completed.completed_at + DELAY)
    assert services.send_due_transfers() == 1
    assert services.send_due_transfers() == 0
    work()
    transfer_made.disconnect(receiver)
    row = paid.children.get()
    assert (row.type, row.status, row.amount_minor) == ("payout", Status.SUCCEEDED, 5400)
    assert row.stripe_transfer_id
    assert sent() == [5400]
    assert told == [row]
    body = StripeObject.objects.get(type="transfer").body
    assert body["destination"] == paid.mentor.payment_account.stripe_account_id
    assert body["source_transaction"] == paid.stripe_charge_id
    assert body["transfer_group"] == completed.code
    assert books_add_up()
    assert not differences()


def test_nothing_leaves_before_the_session_is_completed(paid, freeze):
    freeze(paid.booking.ends_at + DELAY * 3)
    assert services.send_due_transfers() == 0


@pytest.mark.parametrize("back", [2000, 6000])
def test_what_went_back_is_not_passed_on(completed, paid, work, freeze, back):
    services.request_refund(charge=paid, amount_minor=back, reason="a bad line")
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    work()
    assert sent() == ([3600] if back == 2000 else [])


def test_a_refund_is_refused_once_the_mentor_has_it(completed, paid, work, freeze):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    with pytest.raises(Conflict):
        services.request_refund(charge=paid, amount_minor=100, reason="")


@pytest.mark.parametrize("mode", ["connection", "answer_lost", "500", "429"])
def test_a_transfer_is_sent_once_whatever_the_network_does(completed, paid, freeze, mode):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.get()
    with testing.outage(mode), pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    services.send_transfer(transaction=row)
    services.send_transfer(transaction=row)
    assert row.status == Status.SUCCEEDED
    assert sent() == [5400]


def test_a_transfer_whose_answer_was_lost_is_told_by_webhook(completed, paid, freeze, work):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    testing.deliver_events()
    work()
    row.refresh_from_db()
    assert row.status == Status.SUCCEEDED


def test_a_mentor_whose_account_is_closed_waits(completed, paid, freeze, run_tasks):
    freeze(completed.completed_at + DELAY)
    PaymentAccount.objects.update(transfers_active=False)
    assert services.send_due_transfers() == 0
    PaymentAccount.objects.update(transfers_active=True)
    assert services.send_due_transfers() == 1


def test_a_refused_transfer_is_left_to_staff_who_may_retry(completed, paid, freeze, run_tasks):
    freeze(completed.completed_at + DELAY)
    account = StripeObject.objects.get(stripe_id=paid.mentor.payment_account.stripe_account_id)
    account.body["capabilities"]["transfers"] = "inactive"
    account.save()
    services.send_due_transfers()
    run_tasks()
    row = paid.children.get()
    assert row.status == Status.FAILED
    assert "capabilities" in row.needs_attention
    assert services.send_due_transfers() == 0
    account.body["capabilities"]["transfers"] = "active"
    account.save()
    again = services.retry(transaction=row)
    run_tasks()
    again.refresh_from_db()
    assert again.status == Status.SUCCEEDED
    with pytest.raises(Conflict):
        services.retry(transaction=row)
    assert sent() == [5400]


def test_a_transfer_whose_key_is_forgotten_is_looked_for_first(completed, paid, freeze):
    """Stripe keeps a key for a day; after that the same call would be another transfer."""
    services.request_refund(charge=paid, amount_minor=4000, reason="a bad line")
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.payouts().get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    freeze(row.created_at + dt.timedelta(hours=25))
    services.send_transfer(transaction=row)
    assert row.status == Status.SUCCEEDED
    assert sent() == [1800]


def test_a_transfer_that_went_to_a_former_account_is_found(completed, paid, freeze, run_tasks):
    """The answer was lost, and the mentor has another account by the time we ask again."""
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    services.disconnect_account(account=paid.mentor.payment_account)
    onboarded(paid.mentor)
    with pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    services.send_transfer(transaction=row)
    assert row.status == Status.SUCCEEDED
    assert sent() == [5400]


def test_staff_are_told_of_money_that_nobody_can_be_sent(completed, paid, freeze, work):
    freeze(completed.completed_at + DELAY)
    services.disconnect_account(account=paid.mentor.payment_account)
    services.send_due_transfers()
    paid.refresh_from_db()
    assert "can't be sent" in paid.needs_attention
    onboarded(paid.mentor)
    assert services.send_due_transfers() == 1
    paid.refresh_from_db()
    assert paid.needs_attention == ""
    work()
    assert sent() == [5400]


def test_while_a_refund_failed_nothing_is_passed_on(completed, paid, freeze, work):
    row = services.request_refund(charge=paid, amount_minor=6000, reason="nobody came")
    work()
    row.refresh_from_db()
    testing.fail_refund(row.stripe_refund_id)
    work()
    freeze(completed.completed_at + DELAY)
    assert services.send_due_transfers() == 0
    row.refresh_from_db()
    services.retry(transaction=row)
    work()
    assert services.send_due_transfers() == 0
    paid.refresh_from_db()
    assert paid.status == Status.REFUNDED


def test_what_was_refunded_at_stripe_meanwhile_is_not_passed_on(completed, paid, freeze, work):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.get()
    charge = StripeObject.objects.get(stripe_id=paid.stripe_charge_id)
    at_stripe.create(context.for_account(charge.account), {"charge": paid.stripe_charge_id})
    testing.deliver_events()
    for event in WebhookEvent.objects.filter(handled_at=None):
        services.handle(event=event)
    services.send_transfer(transaction=row)
    assert (row.status, sent()) == (Status.FAILED, [])
    assert row.needs_attention


def test_a_late_cancellation_pays_the_mentor(booking, paid, freeze, work):
    freeze(booking.starts_at - dt.timedelta(hours=2))
    services.call_off(booking=booking, by=booking.mentee)
    freeze(booking.ends_at + DELAY - dt.timedelta(seconds=1))
    assert services.send_due_transfers() == 0
    freeze(booking.ends_at + DELAY)
    booking.refresh_from_db()
    assert trail.trail_of(booking).leaves_at == times.now()
    assert services.send_due_transfers() == 1
    work()
    assert sent() == [5400]


@pytest.mark.parametrize("side", ["mentee", "mentor"])
def test_a_session_called_off_with_a_refund_pays_nobody(booking, paid, freeze, work, side):
    services.call_off(
        booking=booking, by=booking.mentee if side == "mentee" else booking.mentor.user
    )
    freeze(booking.ends_at + DELAY)
    booking.refresh_from_db()
    assert trail.trail_of(booking).leaves_at is None
    assert services.send_due_transfers() == 0


def test_what_went_out_and_was_refused_later_is_not_sent_again(completed, paid, freeze):
    freeze(completed.completed_at + DELAY)
    services.send_due_transfers()
    row = paid.children.get()
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.send_transfer(transaction=row)
    sending.refused(row, "The mentor has no connected account.")
    assert services.retry(transaction=row) == row
    assert (row.status, row.needs_attention) == (Status.SUCCEEDED, "")
    assert sent() == [5400]
