"""Money that is passed on to a connected account, and what comes back of it."""

from payments.models import Reversal as ReversalRow
from payments.models import Transaction
from payments.stripe_service.client import Gateway
from payments.stripe_types import Reversal, Transfer


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

    def create_reversal(self, *, reversal: ReversalRow) -> Reversal:
        """Take that row's amount of its payout's transfer back. Safe to repeat."""
        with self._call() as client:
            made = client.v1.transfers.reversals.create(
                reversal.payout.stripe_transfer_id or "",
                {"amount": reversal.amount_minor, "metadata": {"reversal": reversal.code}},
                self._key(reversal, "reversal"),
            )
        return Reversal.read(made.to_dict())

    def reversals_of(self, transfer_id: str) -> list[Reversal]:
        """Every reversal of that transfer that Stripe knows of (at most 100)."""
        with self._call() as client:
            found = client.v1.transfers.reversals.list(transfer_id, {"limit": 100})
        return [Reversal.read(reversal.to_dict()) for reversal in found.data]
