"""`{% load payments %}`: a booking's money on any page."""

from django import template

from bookings.models import Booking
from payments.trail import Trail, trail_of

register = template.Library()


@register.simple_tag
def booking_trail(booking: Booking) -> Trail | None:
    """`{% booking_trail booking as trail %}`: what was paid, given back and passed on."""
    return trail_of(booking)
