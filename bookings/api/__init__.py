"""Bookings and opening hours for programs."""

from ninja import Router

from bookings.api.bookings import router as bookings_router

availability_router = Router(tags=["Availability"])

__all__ = ["availability_router", "bookings_router"]
