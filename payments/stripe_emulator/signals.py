"""What an observer may hear. The tests hold all of it against Stripe's description."""

from django.dispatch import Signal

# One request and what came of it: `method`, `path`, `encoded`, `status` and `text`; a status of
# None where the answer was lost or nobody answered.
exchanged = Signal()
# One event as it is put into the outbox: `event`, its body.
emitted = Signal()
