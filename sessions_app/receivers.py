"""What sessions hear of bookings: a session follows the booking that it is for."""

from typing import Any

from django.dispatch import receiver

from bookings.models import Booking
from bookings.signals import booking_cancelled, booking_confirmed, booking_rescheduled
from sessions_app import services


@receiver(booking_confirmed, dispatch_uid="sessions_app.open")
def open_for_booking(sender: object, *, booking: Booking, **kwargs: Any) -> None:
    services.open_session(booking=booking)


@receiver(booking_rescheduled, dispatch_uid="sessions_app.move")
def move_with_booking(sender: object, *, booking: Booking, **kwargs: Any) -> None:
    services.move_session(booking=booking)


@receiver(booking_cancelled, dispatch_uid="sessions_app.call_off")
def call_off_with_booking(sender: object, *, booking: Booking, **kwargs: Any) -> None:
    services.call_off_session(booking=booking)
