"""What every row has that stands for a call to Stripe of its own."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch.db import TimestampedModel


class SentToStripe(TimestampedModel):
    """How the call is going, and what staff must look at; written by the services alone."""

    # Part of the idempotency key: counted up where that is used up.
    attempts = models.PositiveSmallIntegerField(
        default=1, editable=False, verbose_name=_("attempts")
    )
    # When the sweeper takes it up if nobody else has; empty once there is nothing to be done.
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("next attempt at")
    )
    last_error = models.CharField(
        max_length=500, blank=True, editable=False, verbose_name=_("last error")
    )
    needs_attention = models.CharField(
        max_length=500, blank=True, editable=False, verbose_name=_("needs attention")
    )

    class Meta:
        abstract = True
