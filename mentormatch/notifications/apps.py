from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "mentormatch.notifications"

    def ready(self) -> None:
        from mentormatch.notifications import receivers  # noqa: F401  # connects them
