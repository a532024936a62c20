"""What payments do when bookings change: rows and tasks, within the booking's transaction."""

from typing import Any

from bookings.models import Booking
from bookings.signals import booking_accepted, booking_cancelled
from payments import services


def connect() -> None:
    booking_accepted.connect(accepted, dispatch_uid="payments.accepted")
    booking_cancelled.connect(give_back, dispatch_uid="payments.give_back")
    booking_cancelled.connect(give_back_credit, dispatch_uid="payments.give_back_credit")


def accepted(sender: Any, *, booking: Booking, **kwargs: Any) -> None:
    """Whoever accepted it captures it at once, and if they can't, the sweeper does."""
    services.note_acceptance(booking=booking)


def give_back(
    sender: Any, *, booking: Booking, refund_minor: int, was_confirmed: bool, **kwargs: Any
) -> None:
    """Write down the refund that the policy grants, or the release; a task sends it."""
    if not was_confirmed:
        services.let_go(booking=booking)
        return
    services.refund_booking(
        booking=booking, amount_minor=refund_minor, reason=booking.cancellation_reason
    )


def give_back_credit(sender: Any, *, booking: Booking, **kwargs: Any) -> None:
    """Let the session of a subscription count as unused again, where the policy says so."""
    services.give_back_credit(booking=booking)
