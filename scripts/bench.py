"""What our pages cost beside the least that such a page can cost, measured in the same run.

The floor is one indexed query of ten rows, rendered as a table of a week with 37 formatted times,
without middleware or context processors. Each figure is the median CPU time of this process, on
SQLite with the demo's data and one request at a time: it says nothing of many clients at once.
"""

import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WARM_UP, ROUNDS = 5, 60
FLOOR = """<!doctype html><title>A week</title><table>
{% for booking in bookings %}<tr><td>{{ booking.code }}</td><td>{{ booking.status }}</td></tr>
{% endfor %}{% for day in week %}<tr>{% for instant in day %}<td>
<time datetime="{{ instant|date:'c' }}">{{ instant|date:'D j M H:i' }}</time></td>{% endfor %}</tr>
{% endfor %}</table>"""


def set_up(folder: str) -> None:
    """A demo of its own, in a folder that goes away."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "mentormatch.settings", "MENTORMATCH_DEMO": "1"}
    os.environ |= {"VAR_DIR": folder, "DATABASE_URL": "", "CACHE_URL": "", "SITE_URL": ""}
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415  # the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # so does it here

    call_command("prepare")


def floor() -> Callable[[], Any]:
    """The least view; see above."""
    from django.http import HttpResponse  # noqa: PLC0415  # after the set-up
    from django.template import engines  # noqa: PLC0415  # after the set-up

    from bookings.models import Booking  # noqa: PLC0415  # after the set-up
    from mentormatch import times  # noqa: PLC0415  # after the set-up

    template = engines["django"].from_string(FLOOR)
    start = times.now().replace(minute=0)
    instants = [start + dt.timedelta(hours=4 * step) for step in range(37)]
    week = [instants[first : first + 6] for first in range(0, 37, 6)]

    def view() -> HttpResponse:
        bookings = Booking.objects.filter(starts_at__lte=times.now()).order_by("-starts_at")[:10]
        return HttpResponse(template.render({"bookings": bookings, "week": week}))

    return view


def pages() -> dict[str, Callable[[], Any]]:
    """Our own pages, as a mentee of the demo gets them, with all that stands around a view."""
    from django.test import Client  # noqa: PLC0415  # after the set-up
    from django.urls import reverse  # noqa: PLC0415  # after the set-up

    from mentormatch.accounts.models import User  # noqa: PLC0415  # after the set-up
    from mentormatch.mentors.models import MentorProfile  # noqa: PLC0415  # after the set-up

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email="mentee@example.com"))
    mentor = MentorProfile.objects.get(user__email="mentor@example.com")
    addresses = {
        "start page": reverse("home"),
        "search for mentors": reverse("mentors:list"),
        "a mentor's week of slots": reverse("mentors:detail", args=[mentor.slug]),
        "my bookings": reverse("bookings:list"),
    }
    return {name: partial(client.get, address) for name, address in addresses.items()}


def measure(ask: Callable[[], Any]) -> tuple[float, int]:
    """Median CPU milliseconds and the number of queries of one request."""
    from django.db import connection  # noqa: PLC0415  # after the set-up
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  # after the set-up

    with CaptureQueriesContext(connection) as queries:
        answer = ask()
    count = len(queries)  # the next request clears the log
    if answer.status_code != 200:
        sys.exit(f"A page answered {answer.status_code}: there is nothing to measure.")
    spent = []
    for _ in range(WARM_UP + ROUNDS):
        began = time.process_time_ns()
        ask()
        spent.append((time.process_time_ns() - began) / 1e6)
    return statistics.median(spent[WARM_UP:]), count


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mentormatch-bench-") as folder:
        set_up(folder)
        least, queries = measure(floor())
        print(f"\n{'':26}{'CPU ms':>8}{'× floor':>9}{'queries':>9}")
        print(f"{'floor':26}{least:8.2f}{1:9.1f}{queries:9}")
        for name, ask in pages().items():
            spent, queries = measure(ask)
            print(f"{name:26}{spent:8.2f}{spent / least:9.1f}{queries:9}", flush=True)


if __name__ == "__main__":
    main()
