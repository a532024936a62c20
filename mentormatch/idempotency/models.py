"""The requests of programs that came with an `Idempotency-Key`, and what was answered."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch.db import TimestampedModel


class KeyedRequest(TimestampedModel):
    """One key of one person: claimed before the work begins, kept with the answer for a day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="keyed_requests",
        verbose_name=_("user"),
    )
    key = models.CharField(_("key"), max_length=255, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    claimed_at = models.DateTimeField(editable=False)
    # Empty while the first request is being worked on.
    status = models.PositiveSmallIntegerField(_("status"), null=True, editable=False)
    body = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = _("repeated request")
        verbose_name_plural = _("repeated requests")
        indexes = [models.Index(fields=["created_at"])]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_a_user"),
        ]

    def __str__(self) -> str:
        return self.key
