from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Bookings")

    def ready(self) -> None:
        from bookings import guards
        from mentormatch.background import readiness

        post_migrate.connect(guards.make_triggers, sender=self, dispatch_uid="bookings.guards")
        readiness.register("guards")(guards.check_guards)
