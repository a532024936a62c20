"""What happened to money, told upward inside the transaction that recorded it.

Every signal carries `transaction`, the ledger's row.
"""

from django.dispatch import Signal

payment_received = Signal()
payment_failed = Signal()
refund_made = Signal()
transfer_made = Signal()
