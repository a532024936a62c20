"""What a mentor sees of their money, and takes along."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mentormatch import times
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.money import to_major
from mentormatch.ui.charts import Chart, Point, bar_chart
from mentormatch.ui.kept import per_language
from mentormatch.ui.templatetags.mentormatch import money
from payments import earnings as books
from payments.earnings import Books, Chosen, Totals
from payments.lines import Line, Lines
from payments.models import Transaction
from payments.views.months import month_choices

PAGE_SIZE = 20
# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "date",
    "id",
    "type",
    "status",
    "booking_id",
    "session_at",
    "mentee",
    "currency",
    "amount",
    "platform_fee",
    "net",
    "reversed",
)


@login_required
@require_safe
def earnings(request: LoggedInRequest) -> HttpResponse:
    """What a mentor earned: sums, months, and row by row. `?type=&status=&month=2026-11`."""
    mentor, zone, now = own_mentor(request), timezone.get_current_timezone(), times.now()
    chosen = Chosen.read(request.GET)
    sums = books.books_of(mentor, now=now, zone=zone)
    lines = Lines(mentor, chosen, zone, known=sums.count(chosen))
    pages = Paginator[Line](lines, PAGE_SIZE)  # type: ignore[arg-type]  # it counts and slices
    page = {
        "has_moved": bool(sums.groups),
        "sums": _sums(sums, delay_hours=settings.PAYOUT_DELAY_HOURS),
        "page": pages.get_page(request.GET.get("page")),
        "chosen": chosen,
        "months": month_choices(sums.first_at, sums.months[0], zone),
        "types": tuple(Transaction.Type.choices),
        "statuses": tuple(Transaction.Status.choices),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
    }
    return render(request, "payments/earnings.html", page)


@per_language
def _sums(sums: Books, *, delay_hours: int) -> SafeString:
    """An account's figures and its months in bars: drawn once for the same sums."""
    totals = sums.totals()
    page = {
        "totals": totals,
        "charts": [chart for total in totals if not (chart := _chart(total, sums)).is_empty],
        "delay_hours": delay_hours,
    }
    return mark_safe(render_to_string("payments/_sums.html", page))  # noqa: S308  # a template of ours


def _chart(total: Totals, sums: Books) -> Chart:
    """The last months in bars, what went back taken off."""
    ages = [(day, total.by_age.get(age, 0)) for age, day in enumerate(sums.months)]
    points = [
        # In a month in which more went back than came the bar is missing; its words say so.
        Point(short_month(day), max(0, net), money(net, total.currency))
        for day, net in reversed(ages)
    ]
    return bar_chart(
        title=_("Earned by month, %(currency)s") % {"currency": total.currency.upper()},
        total=money(sum(net for _day, net in ages), total.currency),
        column=_("Month"),
        points=points,
        shown=lambda minor: money(minor, total.currency),
    )


def short_month(day: dt.date) -> str:
    # Translators: a month and its year, as short as possible, in Django's date format.
    return date_format(day, _("M Y"))


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


@dataclass(frozen=True)
class _Sheet:
    """The lines of a CSV file, made while they are sent."""

    rows: Iterable[Line]

    def lines(self) -> Iterator[str]:
        writer: Any = csv.writer(_Echo())
        yield "\ufeff"  # without it Excel takes every umlaut apart
        yield writer.writerow(COLUMNS)
        for row in self.rows:
            yield writer.writerow(_cells(row))


@login_required
@require_safe
def earnings_csv(request: LoggedInRequest) -> StreamingHttpResponse:
    """The same rows, all of them, for a spreadsheet; sent while they are read."""
    zone = timezone.get_current_timezone()
    lines = Lines(own_mentor(request), Chosen.read(request.GET), zone)
    answer = StreamingHttpResponse(_Sheet(lines).lines(), content_type="text/csv; charset=utf-8")
    day = times.now().astimezone(zone).date()
    answer["Content-Disposition"] = f'attachment; filename="mentormatch-earnings-{day}.csv"'
    return answer


def _cells(row: Line) -> list[str]:
    """Amounts are ≥ 0, as in the ledger: the type gives the direction."""
    sums = (row.amount_minor, row.platform_fee_minor, row.net_minor, row.reversed_minor)
    return [
        times.format_instant(row.moved_at),
        row.code,
        row.type,
        row.status,
        row.booking_code or "",
        times.format_instant(row.session_at) if row.session_at else "",
        as_text(row.who),
        row.currency,
        *(str(to_major(minor, row.currency)) for minor in sums),
    ]


def as_text(words: str) -> str:
    """What people wrote, so that no spreadsheet runs it as a formula."""
    return f"'{words}" if words.startswith(FORMULA) else words
