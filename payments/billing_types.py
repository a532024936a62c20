"""What Stripe Billing answers, as far as we read it: plain values, no SDK."""

import datetime as dt
from dataclasses import dataclass
from typing import Self

from payments.stripe_types import Body, id_of, instant_of, metadata_of, part_of


@dataclass(frozen=True)
class SubscriptionState:
    """A subscription as Stripe Billing has it; its period is that of its one item."""

    id: str
    status: str
    period_start: dt.datetime | None
    period_end: dt.datetime | None
    cancel_at_period_end: bool
    is_paused: bool
    metadata: dict[str, str]
    latest_invoice_id: str
    customer_id: str

    @classmethod
    def read(cls, subscription: Body) -> Self:
        items = part_of(subscription, "items").get("data") or [{}]
        start, end = items[0].get("current_period_start"), items[0].get("current_period_end")
        ends = subscription.get("cancel_at_period_end") or subscription.get("cancel_at")
        paused = subscription["status"] == "paused" or subscription.get("pause_collection")
        return cls(
            id=str(subscription["id"]),
            status=str(subscription["status"]),
            period_start=instant_of(start) if start else None,
            period_end=instant_of(end) if end else None,
            cancel_at_period_end=bool(ends),
            is_paused=bool(paused),
            metadata=metadata_of(subscription),
            latest_invoice_id=id_of(subscription.get("latest_invoice")),
            customer_id=id_of(subscription["customer"]),
        )


@dataclass(frozen=True)
class Invoice:
    """What a subscription's period costs: `draft`, `open`, `paid`, `uncollectible`, `void`."""

    id: str
    status: str
    amount_due_minor: int
    amount_paid_minor: int
    currency: str
    subscription_id: str
    metadata: dict[str, str]
    period_start: dt.datetime
    period_end: dt.datetime
    payment_intent_id: str
    url: str

    @property
    def is_paid(self) -> bool:
        return self.status == "paid"

    @classmethod
    def read(cls, invoice: Body) -> Self:
        """From an invoice with `payments` expanded; the period is that of its latest line."""
        details = part_of(part_of(invoice, "parent"), "subscription_details")
        periods = [line["period"] for line in part_of(invoice, "lines").get("data") or []]
        latest = max(periods, key=lambda period: period["end"], default=None)
        period = latest or {"start": invoice["period_start"], "end": invoice["period_end"]}
        return cls(
            id=str(invoice["id"]),
            status=str(invoice["status"]),
            amount_due_minor=int(invoice["amount_due"]),
            amount_paid_minor=int(invoice["amount_paid"]),
            currency=str(invoice["currency"]),
            subscription_id=id_of(details.get("subscription")),
            metadata=metadata_of(details),
            period_start=instant_of(period["start"]),
            period_end=instant_of(period["end"]),
            payment_intent_id=_intent_of(invoice),
            url=str(invoice.get("hosted_invoice_url") or ""),
        )


def _intent_of(invoice: Body) -> str:
    """The payment intent that paid an invoice, or is to."""
    made = part_of(invoice, "payments").get("data") or []
    paid = [payment for payment in made if payment["status"] == "paid"] or made
    return id_of(part_of(paid[-1], "payment").get("payment_intent")) if paid else ""
