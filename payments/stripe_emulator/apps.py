from django.apps import AppConfig


class StripeEmulatorConfig(AppConfig):
    name = "payments.stripe_emulator"
    label = "stripe_emulator"
    default_auto_field = "django.db.models.BigAutoField"
