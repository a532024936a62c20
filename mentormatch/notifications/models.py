"""The mail log: every mail is a row first, then sent."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch.db import PublicIdField, TimestampedModel

ACCOUNT_KINDS = "account_"


class MailQuerySet(models.QuerySet["Mail"]):
    def to_person(self, user: object) -> Self:
        return self.filter(recipient=user)


class Mail(TimestampedModel):
    """One mail to one person. Its text is written when it is sent, from `kind` and `context`."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    code = PublicIdField()
    kind = models.CharField(max_length=40, verbose_name=_("kind"))
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="mails",
        verbose_name=_("recipient"),
    )
    to_address = models.EmailField(verbose_name=_("address"))
    context: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, verbose_name=_("what it is about")
    )
    # The same fact queues a mail once, however often it is heard.
    dedupe_key = models.CharField(max_length=200, unique=True, verbose_name=_("sent once for"))
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.QUEUED, editable=False
    )
    subject = models.CharField(max_length=300, blank=True, verbose_name=_("subject"))
    text = models.TextField(blank=True, verbose_name=_("text"))
    html = models.TextField(blank=True, verbose_name=_("HTML"))
    invitation = models.TextField(
        blank=True, help_text=_("The iCalendar part, if any."), verbose_name=_("invitation")
    )
    invitation_method = models.CharField(
        max_length=16, blank=True, verbose_name=_("kind of invitation")
    )
    # Begun, and known to have been refused: the difference are those of which nobody knows.
    attempts = models.PositiveSmallIntegerField(
        default=0, editable=False, verbose_name=_("attempts")
    )
    refusals = models.PositiveSmallIntegerField(
        default=0, editable=False, verbose_name=_("refusals")
    )
    sent_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("sent at"))
    last_error = models.CharField(
        max_length=500, blank=True, editable=False, verbose_name=_("last error")
    )

    objects: ClassVar[MailQuerySet] = MailQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to_address}"

    @property
    def is_secret(self) -> bool:
        """Whether its text lets whoever reads it into an account: links and codes of a log-in."""
        return self.kind.startswith(ACCOUNT_KINDS)
