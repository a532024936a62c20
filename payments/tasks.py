"""What payments leave to the worker: each fetches its row and calls a service."""

import datetime as dt

from mentormatch.background import durable, periodic
from payments import services
from payments.models import Dispute, Payout, Reversal, Subscription, Transaction, WebhookEvent

EVERY_ROUND = dt.timedelta(seconds=30)


def _row(transaction_id: int) -> Transaction:
    rows = Transaction.objects.select_related("parent", "booking", "mentor", "mentee")
    return rows.get(pk=transaction_id)


@durable(attempts=8)
def handle_event(event_id: int) -> None:
    services.handle(event=WebhookEvent.objects.get(pk=event_id))


@durable(attempts=8)
def send_refund(transaction_id: int) -> None:
    services.send_refund(transaction=_row(transaction_id))


@durable(attempts=8)
def send_reversal(reversal_id: int) -> None:
    rows = Reversal.objects.select_related("payout__parent", "refund")
    services.send_reversal(reversal=rows.get(pk=reversal_id))


@durable(attempts=8)
def send_transfer(transaction_id: int) -> None:
    services.send_transfer(transaction=_row(transaction_id))


@durable(attempts=8)
def settle_authorization(transaction_id: int) -> None:
    services.settle_authorization(transaction=_row(transaction_id))


@durable(attempts=8)
def detach_card(method_id: str) -> None:
    services.detach_card(method_id=method_id)


@durable(attempts=8)
def follow_dispute(dispute_id: int) -> None:
    services.follow_dispute(dispute=Dispute.objects.select_related("charge").get(pk=dispute_id))


@durable(attempts=8)
def complete_lost(charge_id: int) -> None:
    services.complete_lost(charge=Transaction.objects.get(pk=charge_id))


@durable(attempts=8)
def pass_on_again(charge_id: int) -> None:
    services.pass_on_again(charge=Transaction.objects.get(pk=charge_id))


@durable(attempts=8)
def end_subscription(subscription_id: int) -> None:
    rows = Subscription.objects.with_people()
    services.end_at_stripe(subscription=rows.get(pk=subscription_id))


@durable(attempts=8)
def follow_payout(payout_id: int) -> None:
    services.follow_payout(payout=Payout.objects.get(pk=payout_id))


@periodic(every=dt.timedelta(hours=1))
def follow_the_silent() -> None:
    services.follow_open_disputes()
    services.follow_late_payouts()


@periodic(every=EVERY_ROUND)
def expire_unpaid() -> None:
    services.expire_unpaid()


@periodic(every=EVERY_ROUND)
def finish_called_off() -> None:
    services.finish_called_off()


@periodic(every=EVERY_ROUND)
def close_unfinished_subscriptions() -> None:
    services.close_unfinished()


@periodic(every=EVERY_ROUND)
def end_subscriptions_as_wanted() -> None:
    services.end_as_wanted()


@periodic(every=dt.timedelta(minutes=10))
def follow_overdue_subscriptions() -> None:
    services.follow_overdue()


@periodic(every=EVERY_ROUND)
def send_due_transfers() -> None:
    services.send_due_transfers()


@periodic(every=dt.timedelta(minutes=5))
def retry_stuck() -> None:
    services.resend_stuck()
    services.retry_stuck()


@periodic(every=dt.timedelta(days=1), is_long=True)
def reconcile() -> None:
    services.reconcile()
