"""The floor: the least that a page, a booking and a JSON answer cost on this machine.

Fixed, so that the ratios of two runs can be compared: bare Django views in the same web server,
on the same database, without middleware and without context processors.
"""

import datetime as dt

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path

from bookings.models import Booking, CalendarEntry

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TIMES, DAYS, ROWS = 37, 7, 10
PAGE = engines["django"].from_string(
    """<!doctype html><title>A week</title><table>
{% for day in week %}<tr>{% for instant in day %}<td>{{ instant|date:"H:i" }}</td>{% endfor %}</tr>
{% endfor %}</table>"""
)


def _asked(request: HttpRequest) -> tuple[int, dt.datetime]:
    return int(request.GET["mentor"]), dt.datetime.fromisoformat(request.GET["start"])


def _taken(mentor: int, start: dt.datetime) -> list[Booking]:
    """The one indexed query."""
    return list(Booking.objects.filter(mentor=mentor, starts_at__gte=start)[:ROWS])


def page(request: HttpRequest) -> HttpResponse:
    """A table of seven days with 37 formatted times."""
    mentor, start = _asked(request)
    taken = {booking.starts_at for booking in _taken(mentor, start)}
    week = [
        [
            instant
            for hour in range(TIMES * (day + 1) // DAYS - TIMES * day // DAYS)
            if (instant := start + day * DAY + hour * HOUR / 2 + HOUR / 4) not in taken
        ]
        for day in range(DAYS)
    ]
    return HttpResponse(PAGE.render({"week": week}))


def insert(request: HttpRequest) -> HttpResponse:
    """One row into the calendar, under its guard, committed."""
    mentor, start = _asked(request)
    entry = CalendarEntry.objects.create(
        mentor_id=mentor, kind=CalendarEntry.Kind.HOLD, starts_at=start, ends_at=start + HOUR
    )
    return HttpResponse(str(entry.pk), status=201)


def answer(request: HttpRequest) -> JsonResponse:
    """The same query as JSON."""
    rows = _taken(*_asked(request))
    items = [{"id": row.code, "starts_at": row.starts_at, "ends_at": row.ends_at} for row in rows]
    return JsonResponse({"items": items})


urlpatterns = [
    path("page/", page),
    path("insert/", insert),
    path("answer/", answer),
]
