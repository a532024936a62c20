"""What Stripe answers, as far as we read it: plain values, no SDK."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Body = Mapping[str, Any]


def id_of(value: object) -> str:
    """The id of a reference, expanded or not; empty where there is none."""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    return str(value or "")


def instant_of(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def part_of(body: Body, name: str) -> Body:
    """An expanded part; empty where it is absent or only an id."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def metadata_of(body: Body) -> dict[str, str]:
    return {str(k): str(v) for k, v in part_of(body, "metadata").items()}


@dataclass(frozen=True)
class Card:
    """A card as a page may show it; its number is at Stripe alone."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int

    @classmethod
    def read(cls, charge: Body) -> Self | None:
        """The one that a charge was made to."""
        card = part_of(part_of(charge, "payment_method_details"), "card")
        method = id_of(charge.get("payment_method"))
        if not card or not method:
            return None
        return cls(
            id=method,
            brand=str(card["brand"] or ""),
            last4=str(card["last4"] or ""),
            exp_month=int(card["exp_month"]),
            exp_year=int(card["exp_year"]),
        )


@dataclass(frozen=True)
class Payment:
    """A payment intent and the charge it came to. Amounts in minor units.

    `settled_*` and `stripe_fee_minor` are the balance transaction's; `None` until there is one.
    """

    intent_id: str
    status: str
    amount_minor: int
    currency: str
    metadata: dict[str, str]
    charge_id: str = ""
    settled_minor: int | None = None
    settled_currency: str = ""
    stripe_fee_minor: int | None = None
    decline: str = ""
    capture_before_at: dt.datetime | None = None
    card: Card | None = None

    @property
    def is_paid(self) -> bool:
        return self.status == "succeeded"

    @property
    def is_authorized(self) -> bool:
        """The bank holds the amount until `capture_before_at`."""
        return self.status == "requires_capture"

    @property
    def is_canceled(self) -> bool:
        """Nothing will come of it any more; what was authorised is released."""
        return self.status == "canceled"

    @property
    def was_declined(self) -> bool:
        """The last card was refused, and nobody has tried another one yet."""
        return self.status == "requires_payment_method" and bool(self.decline)

    @classmethod
    def read(cls, intent: Body) -> Self:
        """From a payment intent with `latest_charge.balance_transaction` expanded."""
        charge = part_of(intent, "latest_charge")
        balance = part_of(charge, "balance_transaction")
        until = part_of(part_of(charge, "payment_method_details"), "card").get("capture_before")
        return cls(
            intent_id=str(intent["id"]),
            status=str(intent["status"]),
            amount_minor=int(intent["amount_received"] or intent["amount"]),
            currency=str(intent["currency"]),
            metadata=metadata_of(intent),
            charge_id=id_of(intent.get("latest_charge")),
            settled_minor=balance.get("amount"),
            settled_currency=str(balance.get("currency", "")),
            stripe_fee_minor=balance.get("fee"),
            decline=str(part_of(intent, "last_payment_error").get("message") or ""),
            capture_before_at=instant_of(until) if until else None,
            card=Card.read(charge),
        )


@dataclass(frozen=True)
class Checkout:
    """A Checkout Session as it stands: `open`, `complete` or `expired`."""

    id: str
    url: str
    status: str
    payment_status: str
    expires_at: dt.datetime
    metadata: dict[str, str]
    payment: Payment | None
    subscription_id: str = ""

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    @property
    def is_expired(self) -> bool:
        return self.status == "expired"

    @property
    def is_complete(self) -> bool:
        return self.status == "complete"

    @property
    def is_processing(self) -> bool:
        """Sent in, and the money isn't there yet (a bank debit, say)."""
        is_over = self.is_paid or self.is_authorized or self.has_failed
        return self.status == "complete" and not is_over

    @property
    def is_authorized(self) -> bool:
        """Sent in, and the bank holds the amount until somebody captures or releases it."""
        return self.payment is not None and self.payment.is_authorized

    @property
    def has_failed(self) -> bool:
        """Sent in, and the money never came; nothing can be paid on this page any more."""
        ended = {"requires_payment_method", "canceled"}
        return self.status == "complete" and bool(self.payment and self.payment.status in ended)

    @property
    def is_paid(self) -> bool:
        return self.payment_status == "paid" and self.payment is not None

    @classmethod
    def read(cls, session: Body) -> Self:
        """From a session with `payment_intent.latest_charge.balance_transaction` expanded."""
        intent = part_of(session, "payment_intent")
        return cls(
            id=str(session["id"]),
            url=str(session.get("url") or ""),
            status=str(session["status"]),
            payment_status=str(session["payment_status"]),
            expires_at=instant_of(session["expires_at"]),
            metadata=metadata_of(session),
            payment=Payment.read(intent) if intent else None,
            subscription_id=id_of(session.get("subscription")),
        )


@dataclass(frozen=True)
class Refund:
    """Money on its way back: `pending`, `requires_action`, `succeeded`, `failed`, `canceled`."""

    id: str
    status: str
    amount_minor: int
    currency: str
    charge_id: str
    intent_id: str
    metadata: dict[str, str]
    failure: str = ""

    @property
    def has_failed(self) -> bool:
        """Nothing goes back by it (any more): that is its end at Stripe."""
        return self.status in {"failed", "canceled"}

    @classmethod
    def read(cls, refund: Body) -> Self:
        return cls(
            id=str(refund["id"]),
            status=str(refund["status"]),
            amount_minor=int(refund["amount"]),
            currency=str(refund["currency"]),
            charge_id=id_of(refund.get("charge")),
            intent_id=id_of(refund.get("payment_intent")),
            metadata=metadata_of(refund),
            failure=str(refund.get("failure_reason") or ""),
        )


@dataclass(frozen=True)
class Transfer:
    """The mentor's part on its way to their connected account."""

    id: str
    amount_minor: int
    currency: str
    metadata: dict[str, str]

    @classmethod
    def read(cls, transfer: Body) -> Self:
        return cls(
            id=str(transfer["id"]),
            amount_minor=int(transfer["amount"]),
            currency=str(transfer["currency"]),
            metadata=metadata_of(transfer),
        )


# https://docs.stripe.com/api/disputes/object#dispute_object-status
STAGES: Mapping[str, str] = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "closed",
    # Settled with the cardholder's bank before any dispute was made of it.
    "prevented": "closed",
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "lost": "lost",
}


@dataclass(frozen=True)
class Dispute:
    """A payment that the cardholder's bank questions. Amount in minor units.

    `stage` is ours of Stripe's statuses: `inquiry` while the bank only asks, `closed` where it
    came to nothing, `open` once the bank took the money, then `won` or `lost`.
    """

    id: str
    status: str
    amount_minor: int
    currency: str
    charge_id: str
    intent_id: str
    reason: str
    evidence_due_at: dt.datetime | None

    @property
    def stage(self) -> str:
        return STAGES[self.status]

    @classmethod
    def read(cls, dispute: Body) -> Self:
        due = part_of(dispute, "evidence_details").get("due_by")
        return cls(
            id=str(dispute["id"]),
            status=str(dispute["status"]),
            amount_minor=int(dispute["amount"]),
            currency=str(dispute["currency"]),
            charge_id=id_of(dispute.get("charge")),
            intent_id=id_of(dispute.get("payment_intent")),
            reason=str(dispute.get("reason") or ""),
            evidence_due_at=instant_of(due) if due else None,
        )


@dataclass(frozen=True)
class Payout:
    """What Stripe sends to a bank: `pending`, `in_transit`, `paid`, `failed`, `canceled`."""

    id: str
    status: str
    amount_minor: int
    currency: str
    arrival_date: dt.date
    failure_code: str = ""
    failure_message: str = ""

    @classmethod
    def read(cls, payout: Body) -> Self:
        return cls(
            id=str(payout["id"]),
            status=str(payout["status"]),
            amount_minor=int(payout["amount"]),
            currency=str(payout["currency"]),
            arrival_date=instant_of(payout["arrival_date"]).date(),
            failure_code=str(payout.get("failure_code") or ""),
            failure_message=str(payout.get("failure_message") or ""),
        )


@dataclass(frozen=True)
class Reversal:
    """A part of a transfer that came back from the connected account."""

    id: str
    amount_minor: int
    metadata: dict[str, str]

    @classmethod
    def read(cls, reversal: Body) -> Self:
        return cls(
            id=str(reversal["id"]),
            amount_minor=int(reversal["amount"]),
            metadata=metadata_of(reversal),
        )


@dataclass(frozen=True)
class AccountStatus:
    """What Stripe lets a connected account do, and what it still wants to know."""

    account_id: str
    details_submitted: bool
    charges_enabled: bool
    payouts_enabled: bool
    transfers_active: bool
    requirements_due: list[str]

    @classmethod
    def read(cls, account: Body) -> Self:
        """From an account as the API answers it, or as dj-stripe keeps it."""
        return cls(
            account_id=str(account["id"]),
            details_submitted=bool(account.get("details_submitted")),
            charges_enabled=bool(account.get("charges_enabled")),
            payouts_enabled=bool(account.get("payouts_enabled")),
            transfers_active=part_of(account, "capabilities").get("transfers") == "active",
            requirements_due=[
                str(name) for name in part_of(account, "requirements").get("currently_due") or []
            ],
        )


@dataclass(frozen=True)
class Link:
    """An address of Stripe's, good until then."""

    url: str
    expires_at: dt.datetime

    @classmethod
    def read(cls, link: Body) -> Self:
        return cls(url=str(link["url"]), expires_at=instant_of(link["expires_at"]))


@dataclass(frozen=True)
class IncomingEvent:
    """An event that Stripe signed, in our mode."""

    id: str
    type: str
    account: str
    livemode: bool
    payload: dict[str, Any]
