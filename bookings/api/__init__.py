"""Bookings and opening hours for programs."""

from bookings.api.availability import router as availability_router
from bookings.api.bookings import router as bookings_router
from bookings.api.groups import router as groups_router

__all__ = ["availability_router", "bookings_router", "groups_router"]
