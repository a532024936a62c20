"""What Stripe pays from connected accounts to their banks."""

from payments.stripe_service.client import Gateway
from payments.stripe_types import Payout


class Payouts(Gateway):
    def retrieve_payout(self, payout_id: str, *, account_id: str) -> Payout:
        """The payout of that connected account as it stands."""
        with self._call() as client:
            found = client.v1.payouts.retrieve(payout_id, options={"stripe_account": account_id})
        return Payout.read(found.to_dict())
