"""Charges that a cardholder disputes with their bank."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mentormatch.db import PublicIdField, TimestampedModel
from payments.models.ledger import Transaction


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> Self:
        """Those that a bank has yet to decide: nothing of what they are about is passed on."""
        return self.filter(status__in=Dispute.UNDECIDED)

    def freezing(self) -> Self:
        """Those for which a bank took the money: nothing can be given back of it either."""
        return self.filter(status=Dispute.Status.OPEN)


class Dispute(TimestampedModel):
    """A dispute as Stripe says it stands; while it is open its charge is frozen.

    It may begin as an inquiry, which takes no money and may end as one; and it may become a
    dispute, even after it was closed.
    """

    class Status(models.TextChoices):
        INQUIRY = "inquiry", _("the bank asks")
        CLOSED = "closed", pgettext_lazy("a bank's inquiry", "settled")
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    UNDECIDED: ClassVar[tuple[str, ...]] = (Status.INQUIRY, Status.OPEN)

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
                condition=Q(status__in=["inquiry", "open"], closed_at__isnull=True)
                | Q(status__in=["closed", "won", "lost"], closed_at__isnull=False),
                name="payments_dispute_closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.code
