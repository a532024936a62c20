"""What cardholders dispute with their banks."""

from payments.stripe_service.client import Gateway
from payments.stripe_types import Dispute


class Disputes(Gateway):
    def retrieve_dispute(self, dispute_id: str) -> Dispute:
        """The dispute as it stands."""
        with self._call() as client:
            return Dispute.read(client.v1.disputes.retrieve(dispute_id).to_dict())
