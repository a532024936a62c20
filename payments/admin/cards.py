"""The cards that people keep at Stripe, for staff to look at: they are removed by their owners."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from mentormatch.ui.staff import LookOnlyAdmin
from payments.models import SavedCard


@admin.register(SavedCard)
class SavedCardAdmin(LookOnlyAdmin[SavedCard]):
    """What Stripe tells of a card; one without has been removed, its customer stays."""

    list_display = (
        "user",
        "shown_card",
        "exp_month",
        "exp_year",
        "saved_at",
        "stripe_customer_id",
    )
    list_select_related = ("user",)
    search_fields = ("user__email", "user__full_name", "last4", "stripe_customer_id")
    date_hierarchy = "saved_at"

    @admin.display(description=_("card"), ordering="last4")
    def shown_card(self, row: SavedCard) -> str:
        return str(row) if row.last4 else ""
