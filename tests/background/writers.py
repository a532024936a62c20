"""Twenty processes that book and cancel through the services, as fast as they can.

    python -m tests.background.writers FOLDER ROUNDS MENTOR MENTEE...

A process for each mentee. Each writes into `FOLDER/<its id>` how every attempt went and how long
it took. With `FAULTS` one of them can be made to wait to be killed in the middle of a transaction.
"""

import datetime as dt
import os
import sys
import time
from functools import partial
from pathlib import Path

import django


def main(folder: Path, rounds: int, mentor: int, *mentees: int) -> None:
    """Start them, once everything is loaded, and wait for all of them."""
    django.setup()
    from tests.factories import in_two_days

    first = in_two_days()
    children = []
    for mentee in mentees:
        child = os.fork()
        if not child:
            write(folder / str(os.getpid()), rounds, mentor, mentee, first)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def write(file: Path, rounds: int, mentor: int, mentee: int, first: dt.datetime) -> None:
    """Book an hour that all of them want; whoever gets it gives it up, but for the last one."""
    from bookings import services
    from bookings.models import Booking
    from mentormatch.accounts.models import User
    from mentormatch.mentors.models import MentorProfile

    me, them = User.objects.get(pk=mentee), MentorProfile.objects.get(pk=mentor)
    with file.open("a", buffering=1) as log:
        for number in range(rounds):
            book = partial(
                services.book_slot,
                mentor=them,
                mentee=me,
                starts_at=first + number * dt.timedelta(hours=1),
                duration_minutes=60,
                session_type=Booking.Type.ONE_ON_ONE,
            )
            booking = attempt(log, "booked", book)
            if booking is not None and number < rounds - 1:
                attempt(log, "cancelled", partial(services.cancel_booking, booking=booking, by=me))


def attempt(log, name, verb):
    """What it gives; None where it was refused, as is written down."""
    began = time.monotonic()
    result = None
    try:
        result = verb()
        said = name
    except Exception as error:  # noqa: BLE001  # the test reads it
        said = getattr(error, "code", repr(error))
    log.write(f"{time.monotonic() - began:.3f} {said}\n")
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
