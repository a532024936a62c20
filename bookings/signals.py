"""What happened to bookings, told upward inside the transaction that made it so.

Every signal carries `booking`; `booking_cancelled` also `refund_minor` (what goes back, in minor
units) and `was_confirmed`; `booking_rescheduled` also `previous_start` and `by` (a `Side`).
Those of an absence carry `absence`.
"""

from django.dispatch import Signal

booking_requested = Signal()
booking_accepted = Signal()
booking_confirmed = Signal()
booking_cancelled = Signal()
booking_rescheduled = Signal()
booking_completed = Signal()
absence_reported = Signal()
absence_decided = Signal()
