"""The site as the race tests serve it; `RACE_UNLOCKED` takes the lock and its re-check away.

For `gunicorn tests.bookings.race_app:application`. What is off is off in this process alone: the
product has no switch for it.
"""

import multiprocessing
import os

from mentormatch.wsgi import application
from tests.bookings.race_guards import unlock
from tests.bookings.race_server import WAIT, WORKERS

__all__ = ["application"]

if os.environ.get("RACE_UNLOCKED"):
    # Made before the workers are forked, so that they share it: no chance is left to the machine.
    all_have_looked = multiprocessing.get_context("fork").Barrier(WORKERS, timeout=WAIT)
    unlock(setattr, wait=all_have_looked.wait)
