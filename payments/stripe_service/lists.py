"""All that Stripe has of one kind: asked for a page at a time, to the end."""

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

import stripe

from payments.stripe_listed import ListedCharge, ListedTransfer
from payments.stripe_service.client import Gateway
from payments.stripe_service.errors import StripeRefused
from payments.stripe_types import Dispute, Refund

T = TypeVar("T")
PAGE = 100


class Lists(Gateway):
    def charges_since(self, since: dt.datetime) -> list[ListedCharge]:
        """Every charge that was made from then on, latest first."""
        with self._call() as client:
            return all_of(client.v1.charges.list(made_since(since)), ListedCharge.read)

    def listed_refunds_since(self, since: dt.datetime) -> list[Refund]:
        """Every refund that was made from then on, latest first."""
        with self._call() as client:
            return all_of(client.v1.refunds.list(made_since(since)), Refund.read)

    def disputes_since(self, since: dt.datetime) -> list[Dispute]:
        """Every dispute that was opened from then on, latest first."""
        with self._call() as client:
            return all_of(client.v1.disputes.list(made_since(since)), Dispute.read)

    def transfers_since(self, since: dt.datetime) -> list[ListedTransfer]:
        """Every transfer that was made from then on, latest first."""
        with self._call() as client:
            return all_of(client.v1.transfers.list(made_since(since)), ListedTransfer.read)

    def find_charge(self, charge_id: str) -> ListedCharge | None:
        """One charge; `None` where Stripe knows no such thing."""
        return self._find(lambda client: client.v1.charges.retrieve(charge_id), ListedCharge.read)

    def find_refund(self, refund_id: str) -> Refund | None:
        """One refund; `None` where Stripe knows no such thing."""
        return self._find(lambda client: client.v1.refunds.retrieve(refund_id), Refund.read)

    def find_transfer(self, transfer_id: str) -> ListedTransfer | None:
        """One transfer; `None` where Stripe knows no such thing."""
        return self._find(
            lambda client: client.v1.transfers.retrieve(transfer_id), ListedTransfer.read
        )

    def _find(
        self, ask: Callable[[stripe.StripeClient], Any], read: Callable[[Any], T]
    ) -> T | None:
        try:
            with self._call() as client:
                return read(ask(client).to_dict())
        except StripeRefused as refusal:
            if refusal.stripe_code != "resource_missing":
                raise
            return None


def made_since(since: dt.datetime) -> Any:
    """What asks a list for all from then on, a page at a time."""
    return {"limit": PAGE, "created": {"gte": int(since.timestamp())}}


def all_of(first: Any, read: Callable[[Any], T]) -> list[T]:
    """Each entry of a list, as we read it, from its first page to its last."""
    return [read(found.to_dict()) for found in first.auto_paging_iter()]
