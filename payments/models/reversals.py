"""Money that comes back from a mentor's account after it was passed on."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import PublicIdField
from payments.models.ledger import Transaction
from payments.models.sending import SentToStripe


class ReversalQuerySet(models.QuerySet["Reversal"]):
    def standing(self) -> Self:
        """Those whose money came back, or still may."""
        return self.exclude(status=Reversal.Status.FAILED)


class Reversal(SentToStripe):
    """A part of a payout, or all of it, on its way back; written before Stripe is called."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")

    type: ClassVar[str] = "reversal"

    code = PublicIdField()
    payout = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        related_name="reversals",
        verbose_name=_("payout"),
    )
    refund = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The refund that it goes with, if any."),
        verbose_name=_("refund"),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.PENDING, editable=False
    )
    amount_minor = models.PositiveIntegerField(_("amount"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    stripe_reversal_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("reversal at Stripe"),
    )
    succeeded_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("succeeded at")
    )

    objects: ClassVar[ReversalQuerySet] = ReversalQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["status", "next_attempt_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_reversal_is_of_something"
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | Q(stripe_reversal_id__isnull=False),
                name="payments_reversal_succeeds_at_stripe",
            ),
        ]

    def __str__(self) -> str:
        return self.code
