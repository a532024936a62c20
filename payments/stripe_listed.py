"""What Stripe's lists say of money, as far as the comparison with the ledger reads it."""

from dataclasses import dataclass
from typing import Self

from payments.stripe_types import Body, id_of


def _code(body: Body) -> str:
    """The row of ours that an object names."""
    return str((body.get("metadata") or {}).get("transaction", ""))


@dataclass(frozen=True, slots=True)
class ListedCharge:
    """A charge. What was authorised and not captured has brought nothing yet."""

    id: str
    intent_id: str
    code: str
    captured_minor: int
    refunded_minor: int
    currency: str

    @property
    def is_paid(self) -> bool:
        return self.captured_minor > 0

    @classmethod
    def read(cls, charge: Body) -> Self:
        has_succeeded = charge["status"] == "succeeded"
        return cls(
            id=str(charge["id"]),
            intent_id=id_of(charge.get("payment_intent")),
            code=_code(charge),
            captured_minor=int(charge["amount_captured"]) if has_succeeded else 0,
            refunded_minor=int(charge["amount_refunded"]),
            currency=str(charge["currency"]),
        )


@dataclass(frozen=True, slots=True)
class ListedTransfer:
    """A transfer, and how much of it was taken back."""

    id: str
    code: str
    amount_minor: int
    reversed_minor: int
    currency: str

    @classmethod
    def read(cls, transfer: Body) -> Self:
        return cls(
            id=str(transfer["id"]),
            code=_code(transfer),
            amount_minor=int(transfer["amount"]),
            reversed_minor=int(transfer["amount_reversed"]),
            currency=str(transfer["currency"]),
        )
