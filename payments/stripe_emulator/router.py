"""The emulator's tables live in a database of their own, as Stripe's do."""

from typing import Any

from django.db.models import Model

ALIAS = "stripe_emulator"
APP_LABEL = "stripe_emulator"


class EmulatorRouter:
    """Sends the emulator's models, and nothing else, to the alias `stripe_emulator`."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """The emulator's alias for its own models."""
        return ALIAS if model._meta.app_label == APP_LABEL else None

    db_for_write = db_for_read

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool | None:
        """Only among the emulator's own rows."""
        mine = {obj1._meta.app_label == APP_LABEL, obj2._meta.app_label == APP_LABEL}
        return None if mine == {False} else mine == {True}

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """The emulator's tables there and nowhere else; nobody else's tables there."""
        if app_label == APP_LABEL:
            return db == ALIAS
        return False if db == ALIAS else None
