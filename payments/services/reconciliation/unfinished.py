"""What has no end yet: Stripe is asked about each."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator

from mentormatch.errors import DomainError, StripeError
from payments.models import (
    Dispute,
    PaymentAccount,
    Payout,
    Reversal,
    Subscription,
    Transaction,
    WebhookEvent,
)
from payments.services import (
    accounts,
    captures,
    checkout,
    disputes,
    payouts,
    refunds,
    reversals,
    subscriptions,
    transfers,
    webhooks,
)
from payments.services.reconciliation.filing import Found, Kind, about
from payments.stripe_service import why

logger = logging.getLogger(__name__)
# By then every retry of ours has had its turn, and Stripe's events have all come.
WAITS_AT_MOST = dt.timedelta(days=4)
UNDERWAY = (Payout.Status.PENDING, Payout.Status.IN_TRANSIT)


def bring_to_an_end(since: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    """Checkouts, refunds, payouts, events, disputes and accounts; gives what stays without one."""
    _ask_about_rows(now)
    for event in WebhookEvent.objects.filter(WebhookEvent.UNFINISHED).order_by("pk"):
        _tried(lambda event=event: webhooks.handle(event=event, now=now), event)  # type: ignore[misc]  # a default binds the loop's variable
    for dispute in Dispute.objects.open().select_related("charge"):
        _tried(lambda dispute=dispute: disputes.follow_dispute(dispute=dispute), dispute)  # type: ignore[misc]  # as above
    for reversal in Reversal.objects.filter(status=Reversal.Status.PENDING).order_by("pk"):
        _tried(lambda row=reversal: reversals.send_reversal(reversal=row, now=now), reversal)  # type: ignore[misc]  # as above
    for payout in Payout.objects.filter(status__in=UNDERWAY).order_by("pk"):
        _tried(lambda payout=payout: payouts.follow_payout(payout=payout), payout)  # type: ignore[misc]  # as above
    for subscription in Subscription.objects.standing().exclude(stripe_subscription_id=None):
        _tried(
            lambda row=subscription: subscriptions.refresh_subscription(subscription=row, now=now),  # type: ignore[misc]  # as above
            subscription,
        )
    for account in PaymentAccount.objects.exclude(stripe_account_id=None):
        _tried(lambda account=account: _ask_about_account(account, since, now), account)  # type: ignore[misc]  # as above
    yield from _still_open(now)


def _ask_about_account(account: PaymentAccount, since: dt.datetime, now: dt.datetime) -> None:
    """What it may do, and what left it for its bank."""
    accounts.refresh_account(account=account)
    if account.stripe_account_id:  # else it has just turned out to be cut off
        payouts.adopt_payouts(account=account, since=since, now=now)


def _ask_about_rows(now: dt.datetime) -> None:
    people = ("parent", "booking", "tip", "subscription", "mentor__user", "mentee")
    rows = Transaction.objects.filter(status__in=Transaction.OPEN).select_related(*people)
    ways: dict[str, Callable[[Transaction], object]] = {
        Transaction.Type.REFUND: lambda row: refunds.send_refund(transaction=row, now=now),
        Transaction.Type.PAYOUT: lambda row: transfers.send_transfer(transaction=row, now=now),
    }
    for row in rows.order_by("pk"):
        way = ways.get(row.type, lambda row: _settle(row, now))
        _tried(lambda row=row, way=way: way(row), row)  # type: ignore[misc]  # as above


def _settle(charge: Transaction, now: dt.datetime) -> None:
    """How far it is; what was authorised is captured or released if it is time."""
    charge = checkout.settle_charge(charge, now=now)
    if charge.is_authorized:
        captures.settle_authorization(transaction=charge, now=now)


def _tried(ask: Callable[[], object], about_what: object) -> None:
    """One that is refused stops none of the others; where Stripe is away nobody goes on."""
    try:
        ask()
    except StripeError as error:
        if error.retryable:
            raise
        logger.warning("%s: %s", about_what, why(error))
    except DomainError as error:
        logger.warning("%s: %s", about_what, error)


def _still_open(now: dt.datetime) -> Iterator[Found]:
    rows = Transaction.objects.filter(
        status__in=Transaction.OPEN, created_at__lte=now - WAITS_AT_MOST
    )
    for row in rows.order_by("pk"):
        since = row.created_at.date()
        yield about(Kind.UNFINISHED, row, f"It is {row.status} since {since}.")
    late = Reversal.objects.filter(status=Reversal.Status.PENDING)
    for reversal in late.filter(created_at__lte=now - WAITS_AT_MOST).select_related("payout"):
        detail = f"{reversal.amount_minor} {reversal.currency} have not come back."
        yield Found(Kind.UNFINISHED, reversal.code, detail, reversal.payout)
    events = WebhookEvent.objects.filter(WebhookEvent.UNFINISHED)
    for event in events.filter(created_at__lte=now - WAITS_AT_MOST).order_by("pk"):
        yield Found(Kind.UNFINISHED, event.event_id, f"{event.type} was never worked on.")
