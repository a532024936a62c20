"""`{% load payments %}`: a booking's money on any page."""

from django import template

from bookings.models import Booking
from payments.trail import Trail, tips_of, trail_of

register = template.Library()


@register.simple_tag
def booking_trail(booking: Booking) -> Trail | None:
    """`{% booking_trail booking as trail %}`: what was paid, given back and passed on."""
    return trail_of(booking)


@register.simple_tag
def booking_tips(booking: Booking) -> list[Trail]:
    """`{% booking_tips booking as tips %}`: the tips that came for its session."""
    return tips_of(booking)
