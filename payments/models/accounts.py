"""The mentors' connected accounts, and what Stripe pays from them to their banks."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mentormatch.accounts.models import User
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import MentorProfile


class PaymentAccount(TimestampedModel):
    """A mentor's connected account, and what Stripe said of it when last asked."""

    mentor = models.OneToOneField(
        MentorProfile,
        on_delete=models.PROTECT,
        related_name="payment_account",
        verbose_name=_("mentor"),
    )
    code = PublicIdField()  # the idempotency key of creating it
    stripe_account_id = models.CharField(
        max_length=64, unique=True, null=True, blank=True, verbose_name=_("account at Stripe")
    )
    details_submitted = models.BooleanField(
        default=False, editable=False, verbose_name=_("details submitted")
    )
    charges_enabled = models.BooleanField(
        default=False, editable=False, verbose_name=_("can charge")
    )
    payouts_enabled = models.BooleanField(
        default=False, editable=False, verbose_name=_("payouts enabled")
    )
    transfers_active = models.BooleanField(
        default=False, editable=False, verbose_name=_("transfers active")
    )
    requirements_due: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, blank=True, editable=False, verbose_name=_("what Stripe still needs")
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("asked Stripe at")
    )
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, verbose_name=_("further data")
    )

    class Meta:
        verbose_name = _("connected account")
        verbose_name_plural = _("connected accounts")

    def __str__(self) -> str:
        return self.stripe_account_id or self.code

    @property
    def can_be_paid(self) -> bool:
        """Whether money can be sent there: asked before anything is sold."""
        return self.transfers_active

    @property
    def is_in_need(self) -> bool:
        """Whether its owner has to do something at Stripe before money moves as it should."""
        return bool(self.requirements_due) and not (self.transfers_active and self.payouts_enabled)


class PayoutQuerySet(models.QuerySet["Payout"]):
    def for_user(self, user: User) -> Self:
        """Those to this person's own bank."""
        return self.filter(mentor__user=user)


class Payout(TimestampedModel):
    """What Stripe pays from a mentor's connected account to their bank, as Stripe says it.

    Not to be mixed up with the ledger's rows of type `payout`, our transfers to that account.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        IN_TRANSIT = "in_transit", _("on its way")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("cancelled")

    code = PublicIdField()
    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.PROTECT, related_name="payouts", verbose_name=_("mentor")
    )
    stripe_payout_id = models.CharField(
        _("payout at Stripe"), max_length=100, unique=True, editable=False
    )
    stripe_account_id = models.CharField(
        max_length=64, editable=False, verbose_name=_("account at Stripe")
    )
    status = models.CharField(_("status"), max_length=16, choices=Status, editable=False)
    amount_minor = models.PositiveBigIntegerField(_("amount"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    arrival_date = models.DateField(_("arrives"), editable=False)
    failure_code = models.CharField(_("why it failed"), max_length=64, blank=True, editable=False)
    failure_message = models.CharField(
        _("what the bank says"), max_length=500, blank=True, editable=False
    )
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, verbose_name=_("further data")
    )

    objects: ClassVar[PayoutQuerySet] = PayoutQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("payout to a bank")
        verbose_name_plural = _("payouts to banks")
        ordering = ["-arrival_date", "-pk"]
        indexes = [models.Index(fields=["mentor", "-arrival_date"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(failure_code="") | Q(status="failed"),
                name="payments_payout_fails_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.code
