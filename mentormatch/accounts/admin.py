"""Staff look at people, and shut them out or let them in with a reason."""

from collections.abc import Callable

import allauth.account.admin  # noqa: F401  # registers pages of its own, replaced below
import django.contrib.auth.admin  # noqa: F401  # the same
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mentormatch.accounts.models import User
from mentormatch.accounts.services import activate, deactivate
from mentormatch.errors import DomainError
from mentormatch.ui.staff import LookOnlyAdmin, ReasonForm

admin.site.unregister(EmailAddress)
# Nobody is put into a group here: what one of staff may do is given to them alone.
admin.site.unregister(Group)


@admin.register(EmailAddress)
class EmailAddressAdmin(LookOnlyAdmin[EmailAddress]):
    """Whether an address is someone's is shown by the link we send there, and by nothing else."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ("email",)
    list_select_related = ("user",)


@admin.register(User)
class UserAdmin(LookOnlyAdmin[User]):
    list_display = ("email", "full_name", "time_zone", "language", "is_active", "date_joined")
    list_filter = ("is_active", "is_staff", "language", "date_joined")
    search_fields = ("email", "full_name")
    ordering = ("-date_joined",)
    fields = (
        "email",
        "full_name",
        "time_zone",
        "language",
        "is_active",
        "is_staff",
        "date_joined",
        "last_login",
    )
    action_form = ReasonForm
    actions = ("deactivate_people", "activate_people")

    @admin.action(description=_("Deactivate, for the reason given"), permissions=["act"])
    def deactivate_people(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, deactivate)

    @admin.action(description=_("Activate, for the reason given"), permissions=["act"])
    def activate_people(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, activate)

    def _each(
        self, request: HttpRequest, people: QuerySet[User], change: Callable[..., None]
    ) -> None:
        done, reason = 0, request.POST.get("reason", "")
        for person in people:
            try:
                change(user=person, by=request.user, reason=reason)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{person.email}: {error}", messages.ERROR)
        if done:
            text = ngettext("%(n)d account changed.", "%(n)d accounts changed.", done)
            self.message_user(request, text % {"n": done}, messages.SUCCESS)
