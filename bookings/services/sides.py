"""On which side of a booking someone acts."""

from django.utils.translation import gettext as _

from bookings.models import Booking
from mentormatch.accounts.models import User
from mentormatch.errors import Forbidden, NotFound


def side_of(booking: Booking, by: User | None) -> str:
    """The side of whoever acts; nobody is the system. `NotFound` for strangers."""
    if by is None:
        return Booking.Side.SYSTEM
    side = booking.side_of(by) or (Booking.Side.STAFF if by.is_staff else None)
    if side is None:
        raise NotFound
    return side


def require_mentor(booking: Booking, by: User) -> None:
    """`Forbidden` for everyone but the mentor, `NotFound` for strangers."""
    if side_of(booking, by) != Booking.Side.MENTOR:
        raise Forbidden(_("Only the mentor can do that."))
