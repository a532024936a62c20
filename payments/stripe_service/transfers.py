"""Money that is passed on to a connected account."""

from payments.models import Transaction
from payments.stripe_service.client import Gateway
from payments.stripe_types import Transfer


class Transfers(Gateway):
    def create_transfer(self, *, transaction: Transaction, destination: str) -> Transfer:
        """Pass that payout row's amount on to a connected account. Safe to repeat."""
        charge = transaction.charge
        with self._call() as client:
            transfer = client.v1.transfers.create(
                {
                    "amount": transaction.amount_minor,
                    "currency": transaction.currency,
                    "destination": destination,
                    "source_transaction": charge.stripe_charge_id or "",
                    "transfer_group": transaction.group,
                    "metadata": {"transaction": transaction.code},
                },
                self._key(transaction, "transfer"),
            )
        return Transfer.read(transfer.to_dict())

    def transfers_of(self, group: str) -> list[Transfer]:
        """Every transfer of that group that Stripe knows of (at most 100)."""
        with self._call() as client:
            found = client.v1.transfers.list({"transfer_group": group, "limit": 100})
        return [Transfer.read(transfer.to_dict()) for transfer in found.data]
