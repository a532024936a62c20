"""What a mentor sees of their money, and takes along."""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mentormatch import times
from mentormatch.auth import LoggedInRequest, own_mentor
from mentormatch.money import to_major
from mentormatch.ui.charts import Chart, Point, bar_chart
from mentormatch.ui.templatetags.mentormatch import money
from payments import earnings as books
from payments.earnings import Books, Chosen, Totals
from payments.models import Transaction
from payments.views.months import month_choices

PAGE_SIZE = 20
CSV_ROWS_AT_ONCE = 500
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


class Counted(Paginator[Transaction]):
    """Pages of rows whose number is known, where it is."""

    def __init__(self, rows: QuerySet[Transaction], known: int | None) -> None:
        super().__init__(rows, PAGE_SIZE)
        if known is not None:
            self.count = known


@login_required
@require_safe
def earnings(request: LoggedInRequest) -> HttpResponse:
    """What a mentor earned: sums, months, and row by row. `?type=&status=&month=2026-11`."""
    mentor, zone, now = own_mentor(request), timezone.get_current_timezone(), times.now()
    chosen = Chosen.read(request.GET)
    sums = books.books_of(mentor, now=now, zone=zone)
    rows = chosen.of(books.rows_of(mentor), zone)
    totals = sums.totals()
    page = {
        "totals": totals,
        "charts": [chart for total in totals if not (chart := _chart(total, sums)).is_empty],
        "page": Counted(rows, sums.count(chosen)).get_page(request.GET.get("page")),
        "chosen": chosen,
        "months": month_choices(sums.first_at, sums.months[0], zone),
        "types": tuple(Transaction.Type.choices),
        "statuses": tuple(Transaction.Status.choices),
        "delay_hours": settings.PAYOUT_DELAY_HOURS,
    }
    return render(request, "payments/earnings.html", page)


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

    rows: QuerySet[Transaction]

    def lines(self) -> Iterator[str]:
        writer: Any = csv.writer(_Echo())
        yield "\ufeff"  # without it Excel takes every umlaut apart
        yield writer.writerow(COLUMNS)
        for row in self.rows.iterator(chunk_size=CSV_ROWS_AT_ONCE):
            yield writer.writerow(_cells(row))


@login_required
@require_safe
def earnings_csv(request: LoggedInRequest) -> StreamingHttpResponse:
    """The same rows, all of them, for a spreadsheet; sent while they are read."""
    zone = timezone.get_current_timezone()
    rows = Chosen.read(request.GET).of(books.rows_of(own_mentor(request)), zone)
    answer = StreamingHttpResponse(_Sheet(rows).lines(), content_type="text/csv; charset=utf-8")
    day = times.now().astimezone(zone).date()
    answer["Content-Disposition"] = f'attachment; filename="mentormatch-earnings-{day}.csv"'
    return answer


def _cells(row: Any) -> list[str]:
    """Of a row of `rows_of`. Amounts are ≥ 0, as in the ledger: the type gives the direction."""
    session_at = times.format_instant(row.booking.starts_at) if row.booking else ""
    sums = (row.amount_minor, row.platform_fee_minor, row.net_minor, row.reversed_minor)
    return [
        times.format_instant(row.moved_at),
        row.code,
        row.type,
        row.status,
        row.booking.code if row.booking else "",
        session_at,
        as_text(row.mentee.get_full_name()),
        row.currency,
        *(str(to_major(minor, row.currency)) for minor in sums),
    ]


def as_text(words: str) -> str:
    """What people wrote, so that no spreadsheet runs it as a formula."""
    return f"'{words}" if words.startswith(FORMULA) else words
