"""What happened to sessions, told upward inside the transaction. Each carries `session`."""

from django.dispatch import Signal

session_completed = Signal()
