"""Charges that a cardholder disputes with their bank."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import PublicIdField, TimestampedModel
from payments.models.ledger import Transaction


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> Self:
        """Those that a bank has yet to decide: what they are about is frozen."""
        return self.filter(status=Dispute.Status.OPEN)


class Dispute(TimestampedModel):
    """A dispute as Stripe says it stands; while it is open its charge is frozen."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    code = PublicIdField()
    charge = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("charge")
    )
    stripe_dispute_id = models.CharField(
        _("dispute at Stripe"), max_length=100, unique=True, editable=False
    )
    status = models.CharField(
        _("status"), max_length=8, choices=Status, default=Status.OPEN, editable=False
    )
    amount_minor = models.PositiveIntegerField(_("amount"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    reason = models.CharField(_("reason"), max_length=64, blank=True, editable=False)
    evidence_due_at = models.DateTimeField(
        _("to be answered by"), null=True, blank=True, editable=False
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    objects: ClassVar[DisputeQuerySet] = DisputeQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status__in=["won", "lost"], closed_at__isnull=False),
                name="payments_dispute_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.code
