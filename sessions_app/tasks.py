"""Sessions that nobody ended."""

import datetime as dt

from mentormatch.background import periodic
from sessions_app import services


@periodic(every=dt.timedelta(seconds=30))
def complete_overdue() -> None:
    services.complete_overdue()
