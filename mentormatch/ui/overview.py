"""What staff see first: what needs them, each with its list, and how the last days went."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bookings.absence_models import Absence
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.background.models import PeriodicRun
from mentormatch.legal.models import LegalPage
from mentormatch.mentors.models import MentorProfile
from mentormatch.notifications.models import Mail
from mentormatch.ui.charts import Chart, Point, bar_chart
from mentormatch.ui.templatetags.mentormatch import money
from payments.models import Difference, Dispute, Reversal, Transaction, WebhookEvent

DAYS = 14


@dataclass(frozen=True, slots=True)
class Concern:
    """Rows that wait for someone: which, in words, and the query of the list that shows them."""

    rows: Callable[[], QuerySet[Any]]
    words: Any
    query: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A concern of which there are `count`, and where to see them."""

    text: str
    count: int
    url: str


CONCERNS = (
    Concern(
        lambda: MentorProfile.objects.filter(status=MentorProfile.Status.IN_REVIEW),
        ngettext_lazy("%(n)d mentor to approve", "%(n)d mentors to approve", "n"),
        f"status__exact={MentorProfile.Status.IN_REVIEW}",
    ),
    Concern(
        lambda: Absence.objects.to_decide(times.now()),
        ngettext_lazy("%(n)d absence to decide about", "%(n)d absences to decide about", "n"),
        "todo=yes",
    ),
    Concern(
        lambda: Transaction.objects.exclude(needs_attention=""),
        ngettext_lazy("%(n)d payment that needs a look", "%(n)d payments that need a look", "n"),
        "attention=yes",
    ),
    Concern(
        Dispute.objects.freezing,
        ngettext_lazy(
            "%(n)d dispute to answer at Stripe", "%(n)d disputes to answer at Stripe", "n"
        ),
        f"status__exact={Dispute.Status.OPEN}",
    ),
    Concern(
        lambda: Dispute.objects.filter(status=Dispute.Status.INQUIRY),
        ngettext_lazy(
            "%(n)d question of a bank to answer at Stripe",
            "%(n)d questions of banks to answer at Stripe",
            "n",
        ),
        f"status__exact={Dispute.Status.INQUIRY}",
    ),
    Concern(
        lambda: Reversal.objects.exclude(needs_attention=""),
        ngettext_lazy("%(n)d reversal that needs a look", "%(n)d reversals that need a look", "n"),
        "attention=yes",
    ),
    Concern(
        lambda: WebhookEvent.objects.exclude(needs_attention=""),
        ngettext_lazy(
            "%(n)d event of Stripe that needs a look",
            "%(n)d events of Stripe that need a look",
            "n",
        ),
        "attention=yes",
    ),
    Concern(
        Difference.objects.open,
        ngettext_lazy(
            "%(n)d difference between the ledger and Stripe",
            "%(n)d differences between the ledger and Stripe",
            "n",
        ),
        "open=yes",
    ),
    Concern(
        lambda: Mail.objects.filter(status=Mail.Status.FAILED),
        ngettext_lazy("%(n)d mail that failed", "%(n)d mails that failed", "n"),
        f"status__exact={Mail.Status.FAILED}",
    ),
    Concern(
        lambda: DBTaskResult.objects.filter(status=TaskResultStatus.FAILED),
        ngettext_lazy("%(n)d task that failed", "%(n)d tasks that failed", "n"),
        f"status__exact={TaskResultStatus.FAILED.value}",
    ),
    Concern(
        lambda: PeriodicRun.objects.exclude(last_error=""),
        ngettext_lazy(
            "%(n)d periodic run that failed last time",
            "%(n)d periodic runs that failed last time",
            "n",
        ),
        "failed=yes",
    ),
    Concern(
        lambda: LegalPage.objects.filter(version=0),
        ngettext_lazy(
            "%(n)d legal page that is still a template",
            "%(n)d legal pages that are still templates",
            "n",
        ),
        "template=yes",
    ),
)


def waiting_for(user: User) -> list[Waiting]:
    """What needs one of staff, of what this one may see; a query for each concern."""
    return list(_waiting_for(user))


def _waiting_for(user: User) -> Iterator[Waiting]:
    for concern in CONCERNS:
        rows = concern.rows()
        meta = rows.model._meta
        if not user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
            continue
        count = rows.count()
        if count:
            listing = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            yield Waiting(concern.words % {"n": count}, count, f"{listing}?{concern.query}")


def charts_for(user: User) -> list[Chart]:
    """The last days in bars, today included, of what this one may see; a query for each."""
    days = last_days(times.now())
    made: list[Chart] = []
    if user.has_perm("bookings.view_booking"):
        made.append(_counts(_("Bookings confirmed"), bookings_by_day(days), days))
    if user.has_perm("payments.view_transaction"):
        made += _amounts(gross_by_day(days), days)
    if user.has_perm("accounts.view_user"):
        made.append(_counts(_("New people"), people_by_day(days), days))
    return made


def last_days(now: dt.datetime) -> list[dt.date]:
    """The last fourteen days of the viewer's calendar, the present one at the end."""
    today = now.astimezone(timezone.get_current_timezone()).date()
    return [today - dt.timedelta(days=n) for n in reversed(range(DAYS))]


def bookings_by_day(days: list[dt.date]) -> dict[dt.date, int]:
    """How many bookings were confirmed on each day."""
    return _by_day(Booking.objects.order_by(), "confirmed_at", days)


def people_by_day(days: list[dt.date]) -> dict[dt.date, int]:
    return _by_day(User.objects.order_by(), "date_joined", days)


def paid() -> QuerySet[Transaction]:
    return Transaction.objects.charges().order_by().exclude(status=Transaction.Status.FAILED)


def gross_by_day(days: list[dt.date]) -> dict[str, dict[dt.date, int]]:
    """What people paid on each day, in minor units, by currency; what went back isn't taken off."""
    rows = of_days(paid(), "succeeded_at", days).values("currency", "day")
    gross: dict[str, dict[dt.date, int]] = {}
    for row in rows.annotate(sum=Sum("amount_minor")).order_by("currency"):
        gross.setdefault(row["currency"], {})[row["day"]] = row["sum"]
    return gross


def of_days(rows: QuerySet[Any], field: str, days: list[dt.date]) -> QuerySet[Any]:
    """Those of these days by that instant, each with its `day`."""
    zone = timezone.get_current_timezone()
    since = dt.datetime.combine(days[0], dt.time.min, zone).astimezone(dt.UTC)
    found: QuerySet[Any] = rows.filter(**{f"{field}__gte": since}).annotate(
        day=TruncDate(field, tzinfo=zone)
    )
    return found.filter(day__lte=days[-1])


def _by_day(rows: QuerySet[Any], field: str, days: list[dt.date]) -> dict[dt.date, int]:
    counted = of_days(rows, field, days).values("day").annotate(n=Count("pk"))
    return {row["day"]: row["n"] for row in counted}


def _counts(title: str, by_day: dict[dt.date, int], days: list[dt.date]) -> Chart:
    points = [Point(_day(day), by_day.get(day, 0), str(by_day.get(day, 0))) for day in days]
    total = str(sum(by_day.values()))
    return bar_chart(title=title, total=total, column=_("Day"), points=points)


def _amounts(gross: dict[str, dict[dt.date, int]], days: list[dt.date]) -> Iterator[Chart]:
    for currency, by_day in (gross or {settings.SETTLEMENT_CURRENCIES[0]: {}}).items():
        points = [
            Point(_day(day), by_day.get(day, 0), money(by_day.get(day, 0), currency))
            for day in days
        ]
        yield bar_chart(
            title=_("Paid, %(currency)s") % {"currency": currency.upper()},
            total=money(sum(by_day.values()), currency),
            column=_("Day"),
            points=points,
            shown=lambda minor, currency=currency: money(minor, currency),  # type: ignore[misc]  # a default binds the loop's variable
        )


def _day(day: dt.date) -> str:
    # Translators: a day and its month, as short as possible, in Django's date format.
    return date_format(day, _("j M"))


def since_words() -> str:
    return ngettext("The last %(n)d day", "The last %(n)d days", DAYS) % {"n": DAYS}
