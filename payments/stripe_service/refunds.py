"""Money that goes back."""

from payments.models import Transaction
from payments.stripe_service.client import Gateway
from payments.stripe_types import Refund


class Refunds(Gateway):
    def create_refund(self, *, transaction: Transaction) -> Refund:
        """Send that refund row's amount of its charge back. Safe to repeat."""
        with self._call() as client:
            refund = client.v1.refunds.create(
                {
                    "charge": transaction.charge.stripe_charge_id or "",
                    "amount": transaction.amount_minor,
                    "reason": "requested_by_customer",
                    "metadata": {"transaction": transaction.code},
                },
                self._key(transaction, "refund"),
            )
        return Refund.read(refund.to_dict())

    def retrieve_refund(self, refund_id: str) -> Refund:
        """The refund as it stands."""
        with self._call() as client:
            return Refund.read(client.v1.refunds.retrieve(refund_id).to_dict())

    def refunds_of(self, charge_id: str) -> list[Refund]:
        """Every refund of that charge that Stripe knows of (at most 100)."""
        with self._call() as client:
            found = client.v1.refunds.list({"charge": charge_id, "limit": 100})
        return [Refund.read(refund.to_dict()) for refund in found.data]
