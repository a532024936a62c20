from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "mentormatch.notifications"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from mentormatch.notifications import receivers, subscriptions  # noqa: F401  # connects them
