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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415  # the environment comes first

    django.setup()
    from django.test.utils import (  # noqa: PLC0415  # so does it here
        setup_databases,
        teardown_databases,
    )

    from tests.bookings import race_figures  # noqa: PLC0415  # and here

    made = setup_databases(verbosity=0, interactive=False)
    try:
        print(json.dumps(race_figures.measure()))
    finally:
        teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    main()
