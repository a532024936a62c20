"""People: one account each, known by its e-mail address."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from mentormatch import times


def validate_time_zone(name: str) -> None:
    """Refuse what is not the name of an IANA zone."""
    if name not in times.zone_names():
        raise ValidationError(_("Choose a time zone from the list."), code="invalid_time_zone")


def site_languages() -> list[tuple[str, Any]]:
    """The languages to choose from; a new one is no change of the database."""
    return list(settings.LANGUAGES)


TURNING_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def shown_name(full_name: str, email: str) -> str:
    """The name, or the part of the address before the @ where none was given.

    Without the marks of Unicode's UAX 9 that would turn the words around it as well.
    """
    return full_name.translate(TURNING_MARKS).strip() or email.partition("@")[0]


def first_name(full_name: str, email: str) -> str:
    """What a name begins with, where a whole one would be too much."""
    return shown_name(full_name, email).split(" ")[0]


class EmailUserManager(UserManager["User"]):
    """Creates accounts by e-mail address; addresses are kept in lower case."""

    def _create(self, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(  # type: ignore[override]  # the user name is the address
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self._create(email, password, **fields)

    def create_superuser(  # type: ignore[override]  # the user name is the address
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self._create(email, password, **{"is_staff": True, "is_superuser": True} | fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractUser):
    NAME_LENGTH = 80

    username = None  # type: ignore[assignment]  # people log in with their address
    first_name = None  # type: ignore[assignment]  # one field: names don't split everywhere
    last_name = None  # type: ignore[assignment]  # how Django takes a field away
    email = models.EmailField(_("e-mail address"), unique=True)
    full_name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(
        _("language"), max_length=8, choices=site_languages, default=settings.LANGUAGE_CODE
    )
    date_joined = models.DateTimeField(_("joined"), default=times.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[EmailUserManager] = EmailUserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [models.Index(fields=["date_joined"], name="accounts_user_joined")]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """The name as pages and mails show it."""
        return shown_name(self.full_name, self.email)

    def get_short_name(self) -> str:
        return first_name(self.full_name, self.email)

    def clean(self) -> None:
        self.email = self.email.strip().lower()
