"""The events that Stripe sent."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import TimestampedModel


class WebhookEvent(TimestampedModel):
    """An event as Stripe sent it: verified, stored once for ever, then worked on by a task."""

    UNFINISHED: ClassVar[Q] = Q(handled_at=None) | Q(mirrored_at=None)

    event_id = models.CharField(max_length=100, unique=True, verbose_name=_("event at Stripe"))
    type = models.CharField(max_length=100, verbose_name=_("type"))
    account = models.CharField(max_length=64, blank=True, verbose_name=_("account"))
    livemode = models.BooleanField(verbose_name=_("live"))
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        verbose_name=_("content")
    )
    # Our handler's own mark: dj-stripe returns early on an event that it has stored.
    handled_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("worked on at")
    )
    # And that dj-stripe took it up, where it is to.
    mirrored_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("mirrored at")
    )
    last_error = models.CharField(
        max_length=500, blank=True, editable=False, verbose_name=_("last error")
    )
    # What staff must look at: an event of money that no row of the ledger knows.
    needs_attention = models.CharField(
        max_length=500, blank=True, editable=False, verbose_name=_("needs attention")
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["handled_at", "created_at"])]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
