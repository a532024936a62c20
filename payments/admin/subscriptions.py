"""Plans and subscriptions, for staff to look at: what they are is said by mentors and by Stripe."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from mentormatch.ui.staff import LookOnlyAdmin, LookOnlyInline
from mentormatch.ui.templatetags.mentormatch import money
from payments.models import CreditPeriod, Plan, Subscription


@admin.register(Plan)
class PlanAdmin(LookOnlyAdmin[Plan]):
    list_display = (
        "title",
        "mentor",
        "credits_a_month",
        "session_minutes",
        "shown_prices",
        "is_offered",
        "created_at",
    )
    list_filter = ("is_offered", "currency")
    list_select_related = ("mentor__user",)
    search_fields = ("code", "title", "mentor__user__email", "mentor__user__full_name")

    @admin.display(description=_("prices"))
    def shown_prices(self, plan: Plan) -> str:
        return ", ".join(
            f"{money(price, plan.currency)} {interval.label}" for interval, price in plan.prices
        )


class CreditPeriodInline(LookOnlyInline[CreditPeriod, Subscription]):
    model = CreditPeriod
    fields = ("starts_at", "ends_at", "granted", "used", "stripe_invoice_id")
    readonly_fields = fields


@admin.register(Subscription)
class SubscriptionAdmin(LookOnlyAdmin[Subscription]):
    list_display = (
        "code",
        "plan",
        "mentor",
        "mentee",
        "status",
        "interval",
        "shown_price",
        "current_period_end",
        "cancel_at_period_end",
        "ended_by_mentor_at",
        "ended_by_dispute_at",
        "created_at",
    )
    list_filter = ("status", "interval", "cancel_at_period_end", "is_paused")
    list_select_related = ("plan", "mentor__user", "mentee")
    search_fields = (
        "code",
        "plan__title",
        "mentee__email",
        "mentor__user__email",
        "stripe_subscription_id",
        "stripe_checkout_session_id",
    )
    date_hierarchy = "created_at"
    inlines = (CreditPeriodInline,)

    @admin.display(description=_("price"), ordering="price_minor")
    def shown_price(self, row: Subscription) -> str:
        return money(row.price_minor, row.currency)
