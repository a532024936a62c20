"""What the staff's pages share: rows to look at, changed by actions and through services alone."""

from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin, TabularInline
from django.db.models import Model
from django.http import HttpRequest

Child = TypeVar("Child", bound=Model)
Parent = TypeVar("Parent", bound=Model)


class _LookOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnlyAdmin(_LookOnly, ModelAdmin[Child]):
    """Nothing can be added, edited or deleted; what can be done are its actions."""


class LookOnlyInline(_LookOnly, TabularInline[Child, Parent]):
    """Rows that belong to the one shown, to look at."""

    extra = 0
