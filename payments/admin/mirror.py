"""dj-stripe's copy of Stripe's objects, for staff to look at."""

import json
from typing import Any

import djstripe.admin  # noqa: F401  # registers the mirror's own pages, replaced below
from django.apps import apps
from django.contrib import admin
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
    Subscription,
    Transfer,
)

from mentormatch.ui.staff import LookOnlyAdmin


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
    Subscription: (_("subscription"), _("subscriptions")),
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
