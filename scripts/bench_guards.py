"""What the guard of a mentor's time is worth: how often one slot is sold with it and without it.

Fifty mentees ask eight web workers for the same slot at once. "Off" is a site that looks whether
a slot is free and then takes it, as most would: without the lock, and without the database's
guard. On SQLite, or on the server at `TEST_DATABASE_URL`, each in a database made for this:

    .venv/bin/python scripts/bench_guards.py
    .venv/bin/python scripts/postgres.py .venv/bin/python scripts/bench_guards.py

prints one line of JSON: `{"engine": …, "mentees": 50, "off": {"sold": …, "refused": …},
"on": {…}}`.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
MENTEES = 50


def measure() -> dict[str, Any]:
    """The figures of both races, on the database that Django is set up for."""
    from django.db import connection  # noqa: PLC0415  # after the set-up

    from tests.bookings.race_guards import no_guard  # noqa: PLC0415  # after the set-up

    with no_guard():
        off = race(RACE_UNLOCKED="1")
    return {"engine": connection.vendor, "mentees": MENTEES, "off": off, "on": race()}


def race(**environment: str) -> dict[str, int]:
    """How often the slot was sold, and how many were told that it is gone."""
    from bookings.models import Booking  # noqa: PLC0415  # after the set-up
    from tests.bookings.race_server import (  # noqa: PLC0415  # after the set-up
        Person,
        booking_by_api,
        send_at_once,
        server,
    )
    from tests.factories import (  # noqa: PLC0415  # after the set-up
        MentorFactory,
        in_two_days,
        open_every_day,
    )

    mentor, slot = MentorFactory(), in_two_days()
    open_every_day(mentor, always=True)
    with server(**environment) as port:
        calls = [booking_by_api(Person(), mentor, slot) for _ in range(MENTEES)]
        answers = send_at_once(port, calls)
    statuses = Counter(answer.status for answer in answers)
    sold = Booking.objects.filter(mentor=mentor).count()
    if statuses != {201: sold, 409: MENTEES - sold}:
        sys.exit(f"The site broke: it sold {sold} and answered {dict(statuses)}.")
    return {"sold": sold, "refused": statuses[409]}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415  # the environment comes first

    django.setup()
    from django.test.utils import (  # noqa: PLC0415  # so does it here
        setup_databases,
        teardown_databases,
    )

    made = setup_databases(verbosity=0, interactive=False)
    try:
        print(json.dumps(measure()))
    finally:
        teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    main()
