"""People who keep a card with Stripe."""

import hashlib

from payments.models import SavedCard
from payments.stripe_service.client import Gateway


class Customers(Gateway):
    def create_customer(self, *, card: SavedCard) -> str:
        """Make that person a customer and give the id. Safe to repeat."""
        email = card.user.email
        # With another address it is another request, which needs another key.
        mark = hashlib.sha256(email.encode()).hexdigest()[:16]
        with self._call() as client:
            made = client.v1.customers.create(
                {"email": email, "metadata": {"card": card.code}},
                {"idempotency_key": f"{card.code}-customer-{mark}"},
            )
        return made.id

    def detach_card(self, method_id: str) -> None:
        """Let Stripe forget a card for good."""
        with self._call() as client:
            client.v1.payment_methods.detach(method_id)
