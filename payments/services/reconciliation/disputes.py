"""Disputes: those of which we never heard, and those whose end we missed."""

import datetime as dt

from payments.models import Dispute, Transaction
from payments.services import disputes
from payments.stripe_service import StripeService
from payments.stripe_types import Dispute as DisputeAtStripe


def bring_up(since: dt.datetime, now: dt.datetime) -> None:
    """Write down where each stands; one of a charge that nobody knows is that charge's matter."""
    for dispute in StripeService().disputes_since(since):
        rows = Transaction.objects.charges().filter(stripe_charge_id=dispute.charge_id or "-")
        charge = rows.select_related("booking").first()
        if charge is not None and not _is_known(dispute):
            disputes.record_dispute(charge=charge, dispute=dispute, now=now)


def _is_known(dispute: DisputeAtStripe) -> bool:
    rows = Dispute.objects.filter(stripe_dispute_id=dispute.id, status=dispute.stage)
    return rows.exists()
