"""What bookings need the clock for."""

import datetime as dt

from bookings import services
from mentormatch.background import periodic


@periodic(every=dt.timedelta(seconds=30))
def lapse_requests() -> None:
    """Requests that a mentor left unanswered."""
    services.lapse_requests()
