"""What the staff's pages share: rows to look at, changed by actions and through services alone."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, TabularInline, display
from django.contrib.admin.helpers import ActionForm
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mentormatch.errors import DomainError
from mentormatch.ui.templatetags.mentormatch import money

LAST = ("created_at", "updated_at", "metadata")
Child = TypeVar("Child", bound=Model)
Parent = TypeVar("Parent", bound=Model)


class ReasonForm(ActionForm):
    """Asks beside the actions why; whether one is needed is for each service to say."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class _LookOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnlyAdmin(_LookOnly, ModelAdmin[Child]):
    """Nothing can be added, edited or deleted; what can be done are its actions.

    Each action has `permissions=["act"]`, and logs what it did: who may see a row may not yet act.
    """

    # Amounts that aren't in the row's `currency`: they are shown in minor units, as they stand.
    in_minor_units: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Child | None = None) -> Any:
        """All that the row holds: Django would leave out what no form sets, as its state is."""
        if self.fields:
            return self.fields
        hidden = {*(self.get_exclude(request, obj) or ()), self.opts.pk.name}
        own = [
            field
            for field in (*self.opts.concrete_fields, *self.opts.many_to_many)
            if field.name not in hidden
        ]
        own.sort(key=lambda field: field.name in LAST)
        return [*map(self._shown, own), *self.get_readonly_fields(request, obj)]

    def _shown(self, field: Any) -> Any:
        """The field, or how its amount is told to people."""
        name: str = field.name
        if not name.endswith("_minor") or name in self.in_minor_units:
            return name

        @display(description=field.verbose_name)
        def amount(row: Any) -> str:
            return money(getattr(row, name), row.currency)

        return amount

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether this one of staff may do more than look."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def each(
        self, request: HttpRequest, rows: Iterable[Child], verb: Callable[[Child], object]
    ) -> None:
        """Do it to each; what the verb gives is logged and said, and a refusal is said."""
        for row in rows:
            try:
                said = str(verb(row))
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                self.log_change(request, row, said)
                self.message_user(request, f"{row}: {said}", messages.SUCCESS)


class LookOnlyInline(_LookOnly, TabularInline[Child, Parent]):
    """Rows that belong to the one shown, to look at."""

    extra = 0
