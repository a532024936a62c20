"""All the money of one thing on one page, and the sums under a list: for staff."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import Booking
from mentormatch.ui.staff import LookOnlyAdmin
from mentormatch.ui.templatetags.mentormatch import money, time_tag
from payments.models import Dispute, Reversal, Transaction

ROW = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"


def rows_about(row: Transaction) -> QuerySet[Transaction]:
    """Every row about the same booking or subscription, tips of its session included."""
    if row.subscription_id is not None:
        return Transaction.objects.filter(subscription=row.subscription_id).order_by("pk")
    return _rows_about_booking(row.session_booking)


def _rows_about_booking(booking: Booking | None) -> QuerySet[Transaction]:
    about = Q(booking=booking) | Q(tip__booking=booking)
    return Transaction.objects.filter(about).order_by("pk")


def trail_of_booking(booking: Booking) -> SafeString:
    """The way of a booking's money, row by row."""
    return trail_table(_rows_about_booking(booking))


def trail_table(rows: QuerySet[Transaction]) -> SafeString:
    """The rows as a table, then what came back of them and what a bank disputes."""
    found = list(rows)
    if not found:
        return format_html("<p>{}</p>", _("Nothing was paid."))
    back = Reversal.objects.filter(payout__in=found).order_by("pk")
    fought = Dispute.objects.filter(charge__in=found).order_by("pk")
    heads = (_("Number"), _("Type"), _("Amount"), _("Our fee"), _("Net"), _("Status"), _("When"))
    head = format_html_join("", '<th scope="col">{}</th>', ((words,) for words in heads))
    lines = [*map(_cells, found), *map(_cells_of_reversal, back), *map(_cells_of_dispute, fought)]
    body = format_html_join("\n", ROW, lines)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def _cells(row: Transaction) -> tuple[object, ...]:
    page = reverse("admin:payments_transaction_change", args=[row.pk])
    sums = (row.amount_minor, row.platform_fee_minor, row.net_minor)
    return (
        format_html('<a href="{}">{}</a>', page, row.code),
        row.get_type_display(),
        *(money(minor, row.currency) for minor in sums),
        row.needs_attention or row.get_status_display(),
        time_tag(row.succeeded_at or row.created_at),
    )


def _cells_of_reversal(row: Reversal) -> tuple[object, ...]:
    page = reverse("admin:payments_reversal_change", args=[row.pk])
    amount = money(row.amount_minor, row.currency)
    return (
        format_html('<a href="{}">{}</a>', page, row.code),
        _("taken back"),
        amount,
        "",
        amount,
        row.needs_attention or row.get_status_display(),
        time_tag(row.succeeded_at or row.created_at),
    )


def _cells_of_dispute(row: Dispute) -> tuple[object, ...]:
    page = reverse("admin:payments_dispute_change", args=[row.pk])
    return (
        format_html('<a href="{}">{}</a>', page, row.code),
        _("disputed"),
        money(row.amount_minor, row.currency),
        "",
        "",
        row.get_status_display(),
        time_tag(row.created_at),
    )


class WithSums(LookOnlyAdmin[Transaction]):
    """A list of the ledger with the sums of what its filters leave; a row with all its trail."""

    change_list_template = "admin/payments/transaction/change_list.html"
    readonly_fields = ("money_trail",)
    in_minor_units = ("settled_minor", "stripe_fee_minor")

    @admin.display(description=gettext_lazy("The way of the money"))
    def money_trail(self, row: Transaction) -> str:
        return trail_table(rows_about(row))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown:
            shown["sums"] = sums_of(shown["cl"].queryset)
        return answer


def sums_of(rows: QuerySet[Transaction]) -> list[dict[str, object]]:
    """By currency and type, of rows that have not failed: one query."""
    grouped = rows.exclude(status=Transaction.Status.FAILED).order_by().values("currency", "type")
    found = grouped.annotate(
        count=Count("pk"),
        amount=Sum("amount_minor"),
        fee=Sum("platform_fee_minor"),
        net=Sum("net_minor"),
    )
    names = dict(Transaction.Type.choices)
    return [
        {
            "name": names[line["type"]],
            "count": line["count"],
            **{name: money(line[name], line["currency"]) for name in ("amount", "fee", "net")},
        }
        for line in found.order_by("currency", "type")
    ]
