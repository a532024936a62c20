"""Where the ledger and Stripe tell different stories."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import TimestampedModel
from payments.models.ledger import Transaction


class DifferenceQuerySet(models.QuerySet["Difference"]):
    def open(self) -> Self:
        """Those that were found at every comparison since."""
        return self.filter(resolved_at=None)


class Difference(TimestampedModel):
    """What the last comparison found, until one finds it no more."""

    class Kind(models.TextChoices):
        UNFINISHED = "unfinished", _("could not be brought to an end")
        UNKNOWN_CHARGE = "unknown_charge", _("money that Stripe took and the ledger doesn't know")
        MISSING_CHARGE = "missing_charge", _("a charge that Stripe doesn't know")
        CHARGE = "charge", _("a charge that is another one at Stripe")
        UNKNOWN_REFUND = "unknown_refund", _("a refund that the ledger doesn't know")
        MISSING_REFUND = "missing_refund", _("a refund that Stripe doesn't know")
        REFUND = "refund", _("a refund that is another one at Stripe")
        UNKNOWN_TRANSFER = "unknown_transfer", _("a transfer that the ledger doesn't know")
        MISSING_TRANSFER = "missing_transfer", _("a transfer that Stripe doesn't know")
        TRANSFER = "transfer", _("a transfer that is another one at Stripe")
        REVERSAL = "reversal", _("another sum was taken back of a transfer")
        BOOKS = "books", _("the ledger's own sums don't add up")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind, editable=False)
    # Stripe's id, or the code of our row.
    subject = models.CharField(_("what"), max_length=100, editable=False)
    detail = models.CharField(_("in words"), max_length=500, editable=False)
    transaction = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="differences",
        editable=False,
        verbose_name=_("transaction"),
    )
    resolved_at = models.DateTimeField(_("gone since"), null=True, blank=True, editable=False)

    objects: ClassVar[DifferenceQuerySet] = DifferenceQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(resolved_at=None),
                name="payments_difference_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
