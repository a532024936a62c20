"""The mail log for staff."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mentormatch.notifications import services
from mentormatch.notifications.models import Mail
from mentormatch.ui.staff import LookOnlyAdmin

WORDS = ("context", "text", "html", "invitation")


@admin.register(Mail)
class MailAdmin(LookOnlyAdmin[Mail]):
    list_display = ("created_at", "kind", "to_address", "subject", "status", "attempts", "sent_at")
    list_filter = ("status", "kind", "created_at")
    search_fields = ("to_address", "subject", "context__booking")
    date_hierarchy = "created_at"
    actions = ("send_again",)

    def get_exclude(self, request: HttpRequest, obj: Mail | None = None) -> tuple[str, ...]:
        """A link that opens an account is for its owner alone, not for staff."""
        return WORDS if obj is not None and obj.is_secret else ()

    @admin.action(description=_("Send failed ones again"), permissions=["act"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Mail]) -> None:
        def queued_again(mail: Mail) -> object:
            services.resend_mail(mail=mail)
            return _("Queued again")

        self.each(request, chosen, queued_again)
