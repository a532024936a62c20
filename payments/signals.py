"""What happened to money, told upward inside the transaction that recorded it.

Those of the ledger carry `transaction`, its row; those of a dispute carry `dispute`, of a reversal
`reversal`, of a payout to a bank `payout`, of a mentor's connected account `account`, of a
subscription `subscription`.
"""

from django.dispatch import Signal

payment_received = Signal()
payment_failed = Signal()
refund_made = Signal()
refund_failed = Signal()
transfer_made = Signal()
transfer_reversed = Signal()
inquiry_opened = Signal()
inquiry_closed = Signal()
dispute_opened = Signal()
dispute_closed = Signal()
payout_failed = Signal()
account_restricted = Signal()
account_disconnected = Signal()
subscription_started = Signal()
subscription_past_due = Signal()
subscription_ended = Signal()
subscription_ended_by_mentor = Signal()
subscription_ended_by_dispute = Signal()
