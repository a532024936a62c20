"""Payment intents: what became of a payment, the price that a bank holds, and a saved card."""

from typing import Any

from payments.models import SavedCard, Transaction
from payments.stripe_service.client import PAYMENT_PARTS, Gateway
from payments.stripe_service.errors import StripeRefused
from payments.stripe_types import Payment


class Intents(Gateway):
    def retrieve_payment(self, intent_id: str) -> Payment:
        """The payment intent as it stands, with its charge."""
        with self._call() as client:
            intent = client.v1.payment_intents.retrieve(intent_id, {"expand": [PAYMENT_PARTS]})
        return Payment.read(intent.to_dict())

    def capture_payment(self, *, transaction: Transaction) -> Payment:
        """Take what the bank holds for that charge. Safe to repeat.

        Gives the payment as it stands then: perhaps captured, or released, before.
        """
        try:
            with self._call() as client:
                intent = client.v1.payment_intents.capture(
                    transaction.stripe_payment_intent_id or "",
                    {"expand": [PAYMENT_PARTS]},
                    self._key(transaction, "capture"),
                )
        except StripeRefused as refusal:
            return self._ended(transaction, refusal)
        return Payment.read(intent.to_dict())

    def release_payment(self, *, transaction: Transaction) -> Payment:
        """Give back what the bank holds for that charge, untaken; as `capture_payment`."""
        try:
            with self._call() as client:
                intent = client.v1.payment_intents.cancel(
                    transaction.stripe_payment_intent_id or "",
                    {"expand": [PAYMENT_PARTS]},
                    self._key(transaction, "release"),
                )
        except StripeRefused as refusal:
            return self._ended(transaction, refusal)
        return Payment.read(intent.to_dict())

    def _ended(self, row: Transaction, refusal: StripeRefused) -> Payment:
        """How it ended before; the refusal again where that isn't why."""
        if refusal.needs_new_key:
            raise refusal
        payment = self.retrieve_payment(row.stripe_payment_intent_id or "")
        if payment.is_authorized:
            raise refusal
        return payment

    def create_payment(self, *, transaction: Transaction) -> Payment:
        """Charge the card that the row names, while its owner needn't do anything.

        Safe to repeat. `CardRefused` where the bank says no, or wants to see its owner first.
        """
        with self._call() as client:
            intent = client.v1.payment_intents.create(
                self._intent_params(transaction), self._key(transaction, "payment")
            )
        return Payment.read(intent.to_dict())

    def _intent_params(self, row: Transaction) -> Any:
        return {
            "amount": row.amount_minor,
            "currency": row.currency,
            "customer": SavedCard.objects.customer_id(row.mentee),
            "payment_method": row.pays_with,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "expand": [PAYMENT_PARTS],
            **intent_data(row),
        }

    def payments_of(self, customer_id: str) -> list[Payment]:
        """Every payment of that customer that Stripe knows of (at most 100), latest first."""
        with self._call() as client:
            found = client.v1.payment_intents.list(
                {
                    "customer": customer_id,
                    "limit": 100,
                    "expand": [f"data.{PAYMENT_PARTS}"],
                }
            )
        return [Payment.read(intent.to_dict()) for intent in found.data]


def intent_data(row: Transaction) -> dict[str, Any]:
    """What every payment of that charge bears.

    A mentor who answers first is asked once the bank holds the price; nothing is taken yet.
    """
    labels = {"transaction": row.code, row.type: row.group}
    asks = row.booking is not None and row.booking.needs_answer
    capture = {"capture_method": "manual"} if asks else {}
    return {"metadata": labels, "transfer_group": row.group, **capture}
