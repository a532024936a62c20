"""For tests: what people and time do at Stripe, without HTTP."""

import json
from urllib.parse import urlsplit

from django.db import transaction
from django.test import Client

from . import cards, config, context, outbox, sweep
from .ledger import books_add_up, differences
from .models import Delivery, DeliveryStatus, StripeObject
from .outage import outage
from .outbox import knobs
from .resources import (
    accounts,
    checkout_sessions,
    disputes,
    dunning,
    inquiries,
    payment_intents,
    payment_methods,
    payouts,
    portal_configurations,
    refunds,
    renewals,
)
from .router import ALIAS

__all__ = [
    "authenticate",
    "books_add_up",
    "capture",
    "close_dispute",
    "complete_onboarding",
    "deauthorize_account",
    "deliver_events",
    "differences",
    "end_authorizations",
    "end_inquiry",
    "end_period",
    "event_types",
    "fail_payout",
    "fail_refund",
    "knobs",
    "open_dispute",
    "open_inquiry",
    "outage",
    "pay",
    "pay_out",
    "restrict_account",
    "retry",
    "save_portal",
    "waiting",
]


def _find(kind: str, stripe_id: str) -> StripeObject:
    return StripeObject.objects.get(type=kind, stripe_id=stripe_id)


def pay(session_id: str, card: str = "4242424242424242") -> str | None:
    """Pay a Checkout Session with a test card; gives the refusal's decline code, if any."""
    with transaction.atomic(using=ALIAS):
        row = _find("checkout.session", session_id)
        ctx = context.for_account(row.account)
        if checkout_sessions.seen(row.body, ctx.now)["status"] != "open":
            raise ValueError(f"The session {session_id} is {row.status}, not open.")
        method = payment_methods.create_card(
            ctx, cards.by_number(card), exp_month=12, exp_year=2040, name="Test", email=None
        )
        decline = checkout_sessions.pay(ctx, row, method)
    return decline.decline_code if decline else None


def authenticate(session_id: str, *, passed: bool = True) -> str | None:
    """Answer the bank's question for a session that waits for it."""
    with transaction.atomic(using=ALIAS):
        row = _find("checkout.session", session_id)
        ctx = context.for_account(row.account)
        decline = checkout_sessions.authenticate(ctx, row, passed=passed)
    return decline.decline_code if decline else None


def capture(intent_id: str) -> None:
    """Take what a card was authorised for, by hand on Stripe's dashboard."""
    with transaction.atomic(using=ALIAS):
        ctx = context.for_account(_find("payment_intent", intent_id).account)
        payment_intents.capture(ctx, {}, id=intent_id)


def save_portal(*, is_default: bool = False, active: bool = True, card: bool = True) -> None:
    """Save settings of the billing portal on the dashboard; `card`: may it be changed there."""
    with transaction.atomic(using=ALIAS):
        ctx = context.for_platform()
        portal_configurations.save(ctx, is_default=is_default, active=active, card=card)


def end_authorizations() -> int:
    """Let the banks give back what nobody captured in time; gives their number."""
    return sweep.cancel_authorizations()


def end_period(subscription_id: str) -> None:
    """Let a subscription's period (or trial) end as if its time had come, wherever the clock is."""
    with transaction.atomic(using=ALIAS):
        row = _find("subscription", subscription_id)
        if row.due_at is None:
            raise ValueError(f"The subscription {subscription_id} is {row.status}.")
        renewals.turn(context.for_account(row.account, at=row.due_at), row)


def retry(invoice_id: str) -> None:
    """Let Stripe try an open invoice's card once more, as if its time had come."""
    with transaction.atomic(using=ALIAS):
        row = _find("invoice", invoice_id)
        if row.due_at is None:
            raise ValueError(f"The invoice {invoice_id} is {row.status}, and not tried again.")
        dunning.collect(context.for_account(row.account, at=row.due_at), row)


def complete_onboarding(account_id: str) -> None:
    """Let the account's owner finish the onboarding page."""
    with transaction.atomic(using=ALIAS):
        row = _find("account", account_id)
        accounts.complete_onboarding(context.for_account(account_id), row)


def restrict_account(account_id: str) -> None:
    """Let Stripe ask for more and switch the account's abilities off until then."""
    with transaction.atomic(using=ALIAS):
        accounts.restrict(context.for_account(account_id), _find("account", account_id))


def deauthorize_account(account_id: str) -> None:
    """Let the account's owner cut it off from the platform."""
    with transaction.atomic(using=ALIAS):
        accounts.deauthorize(context.for_account(account_id), _find("account", account_id))


def fail_refund(refund_id: str) -> None:
    """Let the cardholder's bank send a refund back, days after it succeeded."""
    with transaction.atomic(using=ALIAS):
        row = _find("refund", refund_id)
        refunds.fail(context.for_account(row.account), row)


def open_dispute(charge_id: str, *, reason: str = "fraudulent") -> str:
    """Let the cardholder dispute a charge; gives the dispute's id."""
    with transaction.atomic(using=ALIAS):
        row = _find("charge", charge_id)
        return disputes.open_dispute(context.for_account(row.account), row, reason).stripe_id


def open_inquiry(charge_id: str) -> str:
    """Let the cardholder's bank ask about a charge; gives the dispute's id."""
    with transaction.atomic(using=ALIAS):
        row = _find("charge", charge_id)
        return disputes.open_inquiry(context.for_account(row.account), row).stripe_id


def end_inquiry(dispute_id: str, *, escalates: bool) -> None:
    """Let the bank be content with what it heard, or want the money after all."""
    with transaction.atomic(using=ALIAS):
        row = _find("dispute", dispute_id)
        goes_on = disputes.escalate if escalates else inquiries.end
        goes_on(context.for_account(row.account), row)


def close_dispute(dispute_id: str, *, won: bool) -> None:
    """Let the cardholder's bank decide."""
    with transaction.atomic(using=ALIAS):
        row = _find("dispute", dispute_id)
        decide = disputes.win if won else disputes.lose
        decide(context.for_account(row.account), row)


def pay_out(account_id: str) -> str | None:
    """Let Stripe pay out what the account has available; gives the payout's id, if any."""
    with transaction.atomic(using=ALIAS):
        row = payouts.send_what_is_available(context.for_account(account_id))
    return row.stripe_id if row else None


def fail_payout(payout_id: str, code: str = "account_closed") -> None:
    """Let the bank send a payout back."""
    with transaction.atomic(using=ALIAS):
        row = _find("payout", payout_id)
        payouts.fail(context.for_account(row.account), row, code)


def deliver_events(client: Client | None = None, *, limit: int = 100) -> list[tuple[str, int]]:
    """Post what waits in the outbox to the site's webhook, through Django's test client.

    Also tries what failed before and isn't due again yet. Gives each event's type and the
    answer's status, in the order of delivery.
    """
    sender = client or Client()
    path = urlsplit(config.webhook_url()).path
    answers: list[tuple[str, int]] = []

    def send(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        signature = {"Stripe-Signature": headers["Stripe-Signature"]}
        answer = sender.post(path, payload, content_type="application/json", headers=signature)
        answers.append((json.loads(payload)["type"], answer.status_code))
        return outbox.Outcome(answer.status_code, answer.reason_phrase)

    Delivery.objects.filter(status=DeliveryStatus.WAITING).update(due_at=0, claimed_until=0)
    outbox.deliver_due(limit, send=send)
    return answers


def waiting() -> list[Delivery]:
    """The webhooks that are still to be delivered, oldest first."""
    rows = Delivery.objects.filter(status=DeliveryStatus.WAITING)
    return list(rows.select_related("event").order_by("pk"))


def event_types() -> list[str]:
    """The types of all events so far, oldest first."""
    rows = StripeObject.objects.filter(type="event").order_by("seq")
    return [row.body["type"] for row in rows]
