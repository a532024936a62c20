"""Staff look at the money and act through the services; no row is edited."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mentormatch.errors import InvalidInput
from mentormatch.money import decimals, to_minor
from mentormatch.ui.staff import LookOnlyAdmin
from mentormatch.ui.templatetags.mentormatch import money
from payments import services
from payments.admin.trail import WithSums
from payments.models import (
    Difference,
    Dispute,
    PaymentAccount,
    Payout,
    Reversal,
    Transaction,
    WebhookEvent,
)


class NeedsAttention(admin.SimpleListFilter):
    title = _("needs attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(needs_attention="") if self.value() == "yes" else queryset


class Handled(admin.SimpleListFilter):
    title = _("worked on")
    parameter_name = "handled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("done")), ("no", _("still waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        waiting = WebhookEvent.UNFINISHED
        return queryset.filter(waiting if self.value() == "no" else ~waiting)


class Looked:
    """The action that takes rows off the list of what needs attention: who and when is logged."""

    @admin.action(
        description=_("Looked at, nothing more to do: what waits for it goes on"),
        permissions=["act"],
    )
    def looked_at(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        def settle(row: Any) -> str:
            return _("Looked at: %(sentence)s") % {"sentence": services.settle_attention(row=row)}

        self.each(request, queryset, settle)


class RefundForm(ActionForm):
    amount = forms.CharField(
        label=_("Amount (to refund a part)"), required=False, max_length=20, help_text="10.25"
    )
    reason = forms.CharField(label=_("Reason (to refund)"), required=False, max_length=500)


def amount_of(typed: str, currency: str) -> int | None:
    """What staff typed, in minor units; `None` for nothing. Raises `InvalidInput`."""
    if not typed.strip():
        return None
    places = decimals(currency)
    field = forms.DecimalField(min_value=0, max_digits=12, decimal_places=places)
    try:
        return to_minor(field.clean(typed.strip().replace(",", ".")), currency)
    except forms.ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="amount") from error


def _with_parents(rows: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """With what the services look at."""
    return rows.select_related("parent", "booking__mentor__user", "booking__mentee")


def _told(row: Transaction) -> str:
    """What an action made, or took up again."""
    return f"{row.get_type_display()} {row}: {row.get_status_display()}"


@admin.register(Transaction)
class TransactionAdmin(Looked, WithSums):
    list_display = (
        "code",
        "type",
        "status",
        "shown_amount",
        "shown_fee",
        "booking",
        "mentor",
        "mentee",
        "needs_attention",
        "created_at",
    )
    list_filter = ("type", "status", NeedsAttention, "currency")
    list_select_related = ("booking", "mentor__user", "mentee")
    search_fields = (
        "code",
        "booking__code",
        "mentee__email",
        "mentor__user__email",
        "stripe_checkout_session_id",
        "stripe_payment_intent_id",
        "stripe_charge_id",
        "stripe_refund_id",
        "stripe_transfer_id",
    )
    date_hierarchy = "created_at"
    actions = ("send_again", "refund", "looked_at")
    action_form = RefundForm

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Transaction) -> str:
        return money(row.amount_minor, row.currency)

    @admin.display(description=_("platform fee"), ordering="platform_fee_minor")
    def shown_fee(self, row: Transaction) -> str:
        return money(row.platform_fee_minor, row.currency)

    @admin.action(
        description=_("Send again: refunds and payouts that wait or failed"), permissions=["act"]
    )
    def send_again(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        rows = _with_parents(queryset)
        self.each(request, rows, lambda row: _told(services.retry(transaction=row)))

    @admin.action(
        description=_("Refund a part of a charge, or all that is left, with a reason"),
        permissions=["act"],
    )
    def refund(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        reason, typed = request.POST.get("reason", ""), request.POST.get("amount", "")

        def give_back(row: Transaction) -> str:
            amount_minor = amount_of(typed, row.currency)
            made = services.refund_by_staff(charge=row, reason=reason, amount_minor=amount_minor)
            return _told(made)

        self.each(request, _with_parents(queryset), give_back)


@admin.register(Reversal)
class ReversalAdmin(Looked, LookOnlyAdmin[Reversal]):
    """What came back from mentors' accounts; asked for by refunds and disputes."""

    list_display = (
        "code",
        "status",
        "shown_amount",
        "payout",
        "refund",
        "reason",
        "needs_attention",
        "created_at",
    )
    list_filter = ("status", NeedsAttention, "currency")
    list_select_related = ("payout", "refund")
    search_fields = ("code", "stripe_reversal_id", "payout__code", "payout__booking__code")
    actions = ("send_again", "looked_at")

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Reversal) -> str:
        return money(row.amount_minor, row.currency)

    @admin.action(description=_("Take back again: those that wait or failed"), permissions=["act"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Reversal]) -> None:
        def send(row: Reversal) -> str:
            made = services.retry_reversal(reversal=row)
            return f"{_('Taken up again')}: {made.get_status_display()}"

        self.each(request, queryset.select_related("payout__parent", "refund"), send)


@admin.register(Dispute)
class DisputeAdmin(LookOnlyAdmin[Dispute]):
    """Disputes are answered at Stripe; here one sees which, and until when."""

    list_display = (
        "code",
        "status",
        "shown_amount",
        "reason",
        "charge",
        "booking",
        "evidence_due_at",
        "closed_at",
        "created_at",
    )
    list_filter = ("status", "reason")
    list_select_related = ("charge__booking",)
    search_fields = ("code", "stripe_dispute_id", "charge__code", "charge__booking__code")
    actions = ("ask_stripe",)

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Dispute) -> str:
        return money(row.amount_minor, row.currency)

    @admin.display(description=_("booking"))
    def booking(self, row: Dispute) -> str:
        return str(row.charge.booking or "")

    @admin.action(description=_("Ask Stripe how they stand"), permissions=["act"])
    def ask_stripe(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        def ask(row: Dispute) -> str:
            services.follow_dispute(dispute=row)
            return str(_("Asked Stripe"))

        self.each(request, queryset.select_related("charge"), ask)


@admin.register(PaymentAccount)
class PaymentAccountAdmin(LookOnlyAdmin[PaymentAccount]):
    list_display = (
        "mentor",
        "stripe_account_id",
        "details_submitted",
        "charges_enabled",
        "transfers_active",
        "payouts_enabled",
        "synced_at",
    )
    list_filter = ("transfers_active", "payouts_enabled", "details_submitted")
    list_select_related = ("mentor__user",)
    search_fields = ("stripe_account_id", "mentor__user__email", "mentor__user__full_name")
    actions = ("ask_stripe",)

    @admin.action(description=_("Ask Stripe how they stand"), permissions=["act"])
    def ask_stripe(self, request: HttpRequest, queryset: QuerySet[PaymentAccount]) -> None:
        def ask(row: PaymentAccount) -> str:
            services.refresh_account(account=row)
            return str(_("Asked Stripe"))

        self.each(request, queryset, ask)


@admin.register(Payout)
class PayoutAdmin(LookOnlyAdmin[Payout]):
    """What Stripe pays to mentors' banks: it is their account's, so there is nothing to do."""

    list_display = (
        "code",
        "mentor",
        "status",
        "shown_amount",
        "arrival_date",
        "failure_code",
        "failure_message",
        "created_at",
    )
    list_filter = ("status", "failure_code", "currency")
    list_select_related = ("mentor__user",)
    search_fields = ("code", "stripe_payout_id", "stripe_account_id", "mentor__user__email")

    @admin.display(description=_("amount"), ordering="amount_minor")
    def shown_amount(self, row: Payout) -> str:
        return money(row.amount_minor, row.currency)


@admin.register(WebhookEvent)
class WebhookEventAdmin(Looked, LookOnlyAdmin[WebhookEvent]):
    list_display = ("event_id", "type", "account", "created_at", "handled_at", "needs_attention")
    list_filter = (Handled, NeedsAttention, "type")
    search_fields = ("event_id", "type", "account")
    date_hierarchy = "created_at"
    actions = ("work_again", "looked_at")

    @admin.action(description=_("Work on those again that still wait"), permissions=["act"])
    def work_again(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        waiting = list(queryset.filter(WebhookEvent.UNFINISHED))
        for event in waiting:
            services.handle_again(event=event)
            self.log_change(request, event, _("Taken up again"))
        said = _("Events taken up again: %(count)d") % {"count": len(waiting)}
        self.message_user(request, said)


class StillOpen(admin.SimpleListFilter):
    title = _("still so")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() == "yes")


@admin.register(Difference)
class DifferenceAdmin(LookOnlyAdmin[Difference]):
    list_display = ("subject", "kind", "detail", "transaction", "created_at", "resolved_at")
    list_filter = (StillOpen, "kind")
    list_select_related = ("transaction",)
    search_fields = ("subject", "detail", "transaction__code")
    date_hierarchy = "created_at"
