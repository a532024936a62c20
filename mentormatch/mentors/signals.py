"""What staff decided of a profile, told upward inside the transaction that made it so.

Every signal carries `mentor`; why a profile was sent back or suspended is in its `status_reason`.
"""

from django.dispatch import Signal

mentor_listed = Signal()
mentor_sent_back = Signal()
mentor_suspended = Signal()
