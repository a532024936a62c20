"""Staff look at the money and act through the services; no row is edited."""

import json
from collections.abc import Callable
from typing import Any

import djstripe.admin  # noqa: F401  # registers the mirror's own pages, replaced below
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from djstripe.models import (
    Account,
    Charge,
    Event,
    PaymentIntent,
    Refund,
    Session,
    StripeModel,
    Transfer,
)

from mentormatch.errors import DomainError, InvalidInput
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
        for row in queryset:
            try:
                sentence = services.settle_attention(row=row)
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                said = _("Looked at: %(sentence)s") % {"sentence": sentence}
                self.log_change(request, row, said)
                self.message_user(request, f"{row}: {said}")


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
        self._each(request, queryset, lambda row: services.retry(transaction=row))

    @admin.action(
        description=_("Refund a part of a charge, or all that is left, with a reason"),
        permissions=["act"],
    )
    def refund(self, request: HttpRequest, queryset: QuerySet[Transaction]) -> None:
        reason, typed = request.POST.get("reason", ""), request.POST.get("amount", "")

        def give_back(row: Transaction) -> Transaction:
            amount_minor = amount_of(typed, row.currency)
            return services.refund_by_staff(charge=row, reason=reason, amount_minor=amount_minor)

        self._each(request, queryset, give_back)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Transaction],
        verb: Callable[[Transaction], Transaction],
    ) -> None:
        for row in queryset.select_related("parent", "booking__mentor__user", "booking__mentee"):
            try:
                made = verb(row)
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                said = {"added": {"name": made.get_type_display(), "object": str(made)}}
                self.log_change(request, row, [said])
                self.message_user(request, f"{made}: {made.get_status_display()}")


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
        for row in queryset.select_related("payout__parent", "refund"):
            try:
                made = services.retry_reversal(reversal=row)
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                self.log_change(request, row, _("Taken up again"))
                self.message_user(request, f"{made}: {made.get_status_display()}")


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
        for dispute in queryset.select_related("charge"):
            try:
                services.follow_dispute(dispute=dispute)
            except DomainError as error:
                self.message_user(request, f"{dispute}: {error}", messages.ERROR)
            else:
                self.log_change(request, dispute, _("Asked Stripe"))
                self.message_user(request, _("%(account)s: up to date") % {"account": dispute})


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
        for account in queryset:
            try:
                services.refresh_account(account=account)
            except DomainError as error:
                self.message_user(request, f"{account}: {error}", messages.ERROR)
            else:
                self.log_change(request, account, _("Asked Stripe"))
                self.message_user(request, _("%(account)s: up to date") % {"account": account})


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


class MirrorAdmin(LookOnlyAdmin[StripeModel]):
    """What Stripe said, to look at: it is changed at Stripe, and comes here by its events."""

    list_display = ("id", "shown_created", "shown_mode")
    list_filter = ("created",)
    search_fields = ("id",)
    ordering = ("-created",)
    fields = ("id", "shown_created", "shown_mode", "shown_data")

    @admin.display(description=_("created"), ordering="created")
    def shown_created(self, row: StripeModel) -> Any:
        return row.created

    @admin.display(description=_("real money"), boolean=True)
    def shown_mode(self, row: StripeModel) -> bool:
        return bool(row.livemode)

    @admin.display(description=_("as Stripe says it"))
    def shown_data(self, row: StripeModel) -> str:
        return format_html("<pre>{}</pre>", json.dumps(row.stripe_data, indent=2))


MIRRORED: dict[type[StripeModel], tuple[Any, Any]] = {
    Account: (_("connected account"), _("connected accounts")),
    Charge: (_("charge"), _("charges")),
    Event: (_("event"), _("events")),
    PaymentIntent: (_("payment intent"), _("payment intents")),
    Refund: (_("refund"), _("refunds")),
    Session: (_("checkout session"), _("checkout sessions")),
    Transfer: (_("transfer"), _("transfers")),
}


def _look_only() -> None:
    """In place of dj-stripe's pages, which edit and delete the mirror, some to look at."""
    for model in apps.get_app_config("djstripe").get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
    apps.get_app_config("djstripe").verbose_name = _("As Stripe has it")
    for model, (one, many) in MIRRORED.items():
        # dj-stripe names none: Django takes the name of the class.
        model._meta.verbose_name, model._meta.verbose_name_plural = one, many
        admin.site.register(model, MirrorAdmin)


_look_only()
