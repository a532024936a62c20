"""What people change about their account, and what staff change about people."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, InvalidInput


def update_settings(
    *,
    user: User,
    full_name: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
) -> User:
    """Change what is given and leave the rest; returns the account as it is now.

    Raises `InvalidInput` naming the field: an empty or too long name, a zone that IANA
    doesn't know, a language that the site doesn't speak. Safe to repeat.
    """
    given = {"full_name": full_name, "time_zone": time_zone, "language": language}
    changes = {
        name: _clean(name, value.strip()) for name, value in given.items() if value is not None
    }
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**changes)
    user.refresh_from_db(fields=list(given))
    return user


def _clean(name: str, value: str) -> str:
    if name == "full_name" and not value:
        raise InvalidInput(_("Give a name: it is what the people you meet see."), field=name)
    others = {field.name for field in User._meta.fields} - {name}
    try:
        User(**{name: value}).clean_fields(exclude=others)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field=name) from error
    return value


def deactivate(*, user: User, by: User, reason: str) -> None:
    """Shut someone out: pages and API know them no more from the next request on.

    Their bookings stay as they are. Raises `Conflict` for oneself and for whoever is out already,
    `InvalidInput` without a reason. The reason goes into staff's log.
    """
    if user.pk == by.pk:
        raise Conflict(_("You can't deactivate your own account."))
    _set_active(user=user, by=by, reason=reason, active=False)


def activate(*, user: User, by: User, reason: str) -> None:
    """Let someone in again; the opposite of `deactivate`, with the same refusals."""
    _set_active(user=user, by=by, reason=reason, active=True)


def _set_active(*, user: User, by: User, reason: str, active: bool) -> None:
    if not reason.strip():
        raise InvalidInput(_("Give a reason: it is kept in the log."), field="reason")
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active)
        if not changed:
            raise Conflict(_("That account is already in this state."))
        said = _("Activated: %(reason)s") if active else _("Deactivated: %(reason)s")
        LogEntry.objects.log_actions(
            by.pk,
            User.objects.filter(pk=user.pk),
            CHANGE,
            change_message=said % {"reason": reason.strip()},
            single_object=True,
        )
    user.is_active = active
