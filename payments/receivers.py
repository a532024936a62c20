"""What payments do when bookings change: rows and tasks, within the booking's transaction."""

from typing import Any

from bookings.models import Booking
from bookings.signals import booking_cancelled
from payments import services


def connect() -> None:
    booking_cancelled.connect(give_back, dispatch_uid="payments.give_back")


def give_back(sender: Any, *, booking: Booking, refund_minor: int, **kwargs: Any) -> None:
    """Write down the refund that the policy grants; a task sends it."""
    services.refund_booking(
        booking=booking, amount_minor=refund_minor, reason=booking.cancellation_reason
    )
