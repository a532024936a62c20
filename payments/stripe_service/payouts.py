"""What Stripe pays from connected accounts to their banks."""

import datetime as dt
from typing import Any

from payments.stripe_service.client import Gateway
from payments.stripe_service.lists import all_of, made_since
from payments.stripe_types import Payout


class Payouts(Gateway):
    def retrieve_payout(self, payout_id: str, *, account_id: str) -> Payout:
        """The payout of that connected account as it stands."""
        with self._call() as client:
            found = client.v1.payouts.retrieve(payout_id, options={"stripe_account": account_id})
        return Payout.read(found.to_dict())

    def payouts_since(self, since: dt.datetime, *, account_id: str) -> list[Payout]:
        """Every payout of that connected account that was made from then on, latest first."""
        with self._call() as client:
            options: Any = {"stripe_account": account_id}
            return all_of(client.v1.payouts.list(made_since(since), options), Payout.read)
