"""Payment intents: what became of a payment, and the price that a bank holds for us."""

from payments.models import Transaction
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
