"""Charges that a cardholder disputes with their bank."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import PublicIdField, TimestampedModel
from payments.models.ledger import Transaction


class Dispute(TimestampedModel):
    """A dispute as Stripe says it stands; while it is open its charge is frozen."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    code = PublicIdField()
    charge = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=100, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=8, choices=Status, default=Status.OPEN, editable=False
    )
    amount_minor = models.PositiveIntegerField(_("amount"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    reason = models.CharField(_("reason"), max_length=64, blank=True, editable=False)
    evidence_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

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
