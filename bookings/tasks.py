"""What bookings need the clock for."""

import datetime as dt

from bookings import services
from bookings.services import groups
from mentormatch.background import periodic


@periodic(every=dt.timedelta(seconds=30))
def lapse_requests() -> None:
    """Requests that a mentor left unanswered."""
    services.lapse_requests()


@periodic(every=dt.timedelta(minutes=5))
def complete_empty_groups() -> None:
    """Group sessions to which nobody came."""
    groups.complete_empty_groups()
