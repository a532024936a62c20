"""The double-entry book. Every balance is a sum of postings; nothing else moves money.

Ledger accounts: `balance:<account>` is what Stripe owes that account, `cards` the world of
cardholders, `banks` what was paid out, `fees` what Stripe earns, `exchange` the position of
currency exchange.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, Sum

from . import ids, money, store
from .context import Body, Context
from .models import Movement, Posting, StripeObject

Line = tuple[str, str, int]  # ledger account, currency, amount


def balance_of(account: str) -> str:
    """The ledger account of that Stripe account's balance."""
    return f"balance:{account}"


def move(ctx: Context, reason: str, source: str, lines: Iterable[Line], available_on: int) -> None:
    """Write one movement; raises `ValueError` where its lines don't sum to zero."""
    kept = [line for line in lines if line[2]]
    totals: dict[str, int] = defaultdict(int)
    for _, currency, amount in kept:
        totals[currency] += amount
    if any(totals.values()):
        raise ValueError(f"The movement {reason} {source} does not add up: {dict(totals)}")
    movement = Movement.objects.create(created=ctx.now, reason=reason, source=source)
    Posting.objects.bulk_create(
        Posting(
            movement=movement,
            ledger=ledger,
            currency=currency,
            amount=amount,
            available_on=available_on,
        )
        for ledger, currency, amount in kept
    )


def exchanged(amount: int, source: str, settled: int, target: str) -> list[Line]:
    """Lines that take `amount` of one currency and give `settled` of another."""
    if source == target:
        return []
    return [("exchange", source, amount), ("exchange", target, -settled)]


def balance_transaction(
    ctx: Context,
    kind: str,
    *,
    amount: int,
    currency: str,
    source: str,
    available_on: int,
    fee: int = 0,
    presented: str | None = None,
    category: str | None = None,
) -> StripeObject:
    """What one movement does to the account's balance, as Stripe tells it."""
    fees: list[Body] = []
    if fee:
        fees = [
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
    rate = None
    if presented and presented != currency:
        rate = float(money.exchange_rate(presented, currency))
    body: Body = {
        "id": ids.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": ctx.now,
        "currency": currency,
        "description": None,
        "exchange_rate": rate,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category or kind,
        "source": source,
        "status": "available" if available_on <= ctx.now else "pending",
        "type": kind,
    }
    return store.create(ctx, body, ref=source)


def held(account: str, now: int) -> dict[str, dict[str, int]]:
    """`{"available": {currency: amount}, "pending": {…}}` of one account, from its postings."""
    ready = Q(available_on__lte=now)
    rows = (
        Posting.objects.filter(ledger=balance_of(account))
        .values("currency")
        .annotate(available=Sum("amount", filter=ready), pending=Sum("amount", filter=~ready))
    )
    return {
        name: {row["currency"]: row[name] or 0 for row in rows} for name in ("available", "pending")
    }


def books_add_up() -> bool:
    """Whether the book, the balance transactions and the objects tell the same story."""
    return not differences()


def differences() -> list[str]:
    """Everything that doesn't add up, in words; empty when all is well."""
    return [
        *_unbalanced_movements(),
        *_balances_that_differ(),
        *_charges_that_differ(),
        *_transfers_that_differ(),
        *_invoices_that_differ(),
        *_disputes_that_differ(),
        *_payouts_that_differ(),
    ]


def _unbalanced_movements() -> list[str]:
    rows = Posting.objects.values("movement", "currency").annotate(total=Sum("amount"))
    return [
        f"movement {row['movement']} is off by {row['total']} {row['currency']}"
        for row in rows.exclude(total=0)
    ]


def _balances_that_differ() -> list[str]:
    told: dict[tuple[str, str], int] = defaultdict(int)
    for row in StripeObject.objects.filter(type="balance_transaction"):
        told[balance_of(row.account), row.body["currency"]] += row.body["net"]
    booked: dict[tuple[str, str], int] = defaultdict(int)
    lines = Posting.objects.filter(ledger__startswith="balance:")
    for line in lines.values("ledger", "currency").annotate(total=Sum("amount")):
        booked[line["ledger"], line["currency"]] = line["total"]
    return [
        f"{ledger} holds {booked[ledger, currency]} {currency}, told {told[ledger, currency]}"
        for ledger, currency in sorted({*told, *booked})
        if booked[ledger, currency] != told[ledger, currency]
    ]


def _sums(kind: str, value: str = "amount") -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for row in StripeObject.objects.filter(type=kind).exclude(status__in=("failed", "canceled")):
        sums[row.ref] += row.body[value]
    return sums


def _reversed() -> dict[str, int]:
    """What came back of the transfers of each charge: it may be passed on again."""
    sums: dict[str, int] = defaultdict(int)
    for row in StripeObject.objects.filter(type="transfer"):
        sums[row.ref] += row.body["amount_reversed"]
    return sums


def _charges_that_differ() -> list[str]:
    refunds, transfers = _sums("refund"), _sums("transfer")
    back = _reversed()
    settled = {
        row.body["source"]: row.body["amount"]
        for row in StripeObject.objects.filter(type="balance_transaction", body__type="charge")
    }
    found: list[str] = []
    for row in StripeObject.objects.filter(type="charge"):
        charge: dict[str, Any] = row.body
        if charge["amount_refunded"] != refunds.get(row.stripe_id, 0):
            found.append(f"{row.stripe_id} counts other refunds than there are")
        if charge["amount_refunded"] > charge["amount"]:
            found.append(f"{row.stripe_id} gave back more than it took")
        if transfers.get(row.stripe_id, 0) - back.get(row.stripe_id, 0) > settled.get(
            row.stripe_id, 0
        ):
            found.append(f"{row.stripe_id} was passed on more than once")
    return found


def _transfers_that_differ() -> list[str]:
    reversals = _sums("transfer_reversal")
    return [
        f"{row.stripe_id} counts other reversals than there are"
        for row in StripeObject.objects.filter(type="transfer")
        if row.body["amount_reversed"] != reversals.get(row.stripe_id, 0)
        or row.body["amount_reversed"] > row.body["amount"]
    ]


def _disputes_that_differ() -> list[str]:
    """A dispute has taken its money once, and given it back if and only if it was won.

    An inquiry has taken nothing.
    """
    found: list[str] = []
    for row in StripeObject.objects.filter(type="dispute"):
        amounts = [each["amount"] for each in row.body["balance_transactions"]]
        is_won = row.status == "won"
        if row.status.startswith("warning_"):
            if amounts:
                found.append(f"{row.stripe_id} only asks, and has moved {amounts}")
            continue
        if len(amounts) != 1 + is_won or amounts[0] > 0 or (is_won and sum(amounts)):
            found.append(f"{row.stripe_id} is {row.status} and has moved {amounts}")
    return found


def _payouts_that_differ() -> list[str]:
    """A payout has left the balance, and come back if and only if it failed or was called back."""
    moved: dict[str, int] = defaultdict(int)
    kinds = ("payout", "payout_failure", "payout_cancel")
    for row in StripeObject.objects.filter(type="balance_transaction", body__type__in=kinds):
        moved[row.ref] += row.body["amount"]
    return [
        f"{row.stripe_id} is {row.status} and has moved {moved[row.stripe_id]}"
        for row in StripeObject.objects.filter(type="payout")
        if moved[row.stripe_id]
        != (0 if row.status in ("failed", "canceled") else -row.body["amount"])
    ]


def _invoices_that_differ() -> list[str]:
    """An invoice is paid by what its intent took, and by nothing else."""
    intents = {
        row.stripe_id: row.body["amount_received"]
        for row in StripeObject.objects.filter(type="payment_intent")
    }
    received = {
        row.ref: intents[row.group] for row in StripeObject.objects.filter(type="invoice_payment")
    }
    found: list[str] = []
    for row in StripeObject.objects.filter(type="invoice"):
        invoice: dict[str, Any] = row.body
        if invoice["amount_paid"] != received.get(row.stripe_id, 0):
            found.append(f"{row.stripe_id} counts other payments than there are")
        is_paid = invoice["amount_paid"] == invoice["total"] and not invoice["amount_remaining"]
        if is_paid != (row.status == "paid"):
            found.append(f"{row.stripe_id} is {row.status} and {invoice['amount_paid']} is paid")
    return found
