"""The ledger: one row for each movement of money."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentormatch.db import PublicIdField
from mentormatch.mentors.models import MentorProfile
from payments.models.sending import SentToStripe
from payments.models.subscriptions import Subscription
from payments.models.tips import Tip

if TYPE_CHECKING:
    from mentormatch.accounts.models import User


# As an expression, so that an index has it.
MOVED_AT = Coalesce("succeeded_at", "created_at")


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def for_user(self, user: "User") -> Self:
        """Those that this person paid, got back, or is paid; a payout is the mentor's alone."""
        paid = Q(mentee=user) & ~Q(type=Transaction.Type.PAYOUT)
        return self.filter(paid | Q(mentor__user=user))

    def charges(self) -> Self:
        return self.filter(type__in=Transaction.CHARGES)

    def refunds(self) -> Self:
        return self.filter(type=Transaction.Type.REFUND)

    def payouts(self) -> Self:
        return self.filter(type=Transaction.Type.PAYOUT)

    def standing(self) -> Self:
        """Those whose money moved, or still may."""
        return self.exclude(status=Transaction.Status.FAILED)

    def booked(self) -> Self:
        """What an account shows: charges that were paid, and all that came of them."""
        paid = Q(type__in=Transaction.CHARGES, status__in=Transaction.RECEIVED)
        return self.filter(paid | ~Q(type__in=Transaction.CHARGES))

    def by_time(self) -> Self:
        """With `moved_at`, when the money moved, or was to, latest first."""
        return self.annotate(moved_at=MOVED_AT).order_by(MOVED_AT.desc(), "-pk")

    def moved_within(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those of which that is true from `since` on and before `until`."""
        return self.annotate(moved_at=MOVED_AT).filter(moved_at__gte=since, moved_at__lt=until)


class Transaction(SentToStripe):
    """One row of the ledger, written before Stripe is called.

    Parties, type, amount and currency never change. Amounts are ≥ 0 in minor units: the type
    gives the direction. `amount = fee + net`; on a refund they are the parts given back.
    """

    class Type(models.TextChoices):
        BOOKING = "booking", _("booking")
        SUBSCRIPTION = "subscription", _("subscription")
        TIP = "tip", _("tip")
        REFUND = "refund", _("refund")
        PAYOUT = "payout", _("payout")

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PROCESSING = "processing", _("processing")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        REFUNDED = "refunded", _("refunded")
        PARTIALLY_REFUNDED = "partially_refunded", _("partially refunded")

    OPEN: ClassVar[tuple[str, ...]] = (Status.PENDING, Status.PROCESSING)
    PAID: ClassVar[tuple[str, ...]] = (Status.SUCCEEDED, Status.PARTIALLY_REFUNDED)
    # Whatever became of it later.
    RECEIVED: ClassVar[tuple[str, ...]] = (*PAID, Status.REFUNDED)
    CHARGES: ClassVar[tuple[str, ...]] = (Type.BOOKING, Type.SUBSCRIPTION, Type.TIP)

    code = PublicIdField()
    type = models.CharField(_("type"), max_length=16, choices=Type, editable=False)
    status = models.CharField(
        _("status"), max_length=24, choices=Status, default=Status.PENDING, editable=False
    )
    booking = models.ForeignKey(
        Booking,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transactions",
        verbose_name=_("booking"),
    )
    tip = models.ForeignKey(
        Tip,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transactions",
        verbose_name=_("tip"),
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transactions",
        verbose_name=_("subscription"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text=_("The charge that a refund gives back or a payout passes on."),
        verbose_name=_("charge"),
    )
    mentor = models.ForeignKey(
        MentorProfile,
        on_delete=models.PROTECT,
        related_name="transactions",
        verbose_name=_("mentor"),
    )
    mentee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="transactions",
        verbose_name=_("mentee"),
    )
    amount_minor = models.PositiveIntegerField(_("amount"), editable=False)
    platform_fee_minor = models.PositiveIntegerField(_("platform fee"), default=0, editable=False)
    net_minor = models.PositiveIntegerField(_("net"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    # The saved card that pays it directly; or whether the one that pays at Stripe's is to be kept.
    pays_with = models.CharField(
        max_length=100, blank=True, editable=False, verbose_name=_("paid with the saved card")
    )
    saves_card = models.BooleanField(
        default=False, editable=False, verbose_name=_("the card is kept")
    )
    # Authorised, and not taken yet: until then it can be.
    capture_before_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("authorised until")
    )
    # Filled in once, from what Stripe answers.
    stripe_checkout_session_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("checkout at Stripe"),
    )
    checkout_url = models.URLField(
        max_length=2000, blank=True, editable=False, verbose_name=_("address of the checkout")
    )
    checkout_expires_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("checkout ends at")
    )
    stripe_payment_intent_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("payment at Stripe"),
    )
    stripe_charge_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("charge at Stripe"),
    )
    stripe_refund_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("refund at Stripe"),
    )
    stripe_transfer_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("transfer at Stripe"),
    )
    stripe_invoice_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("invoice at Stripe"),
    )
    # Of a refund: what of the payout went back with it. Of a payout: all that was reversed of it.
    reversed_minor = models.PositiveIntegerField(
        default=0, editable=False, verbose_name=_("reversed")
    )
    stripe_reversal_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("reversal at Stripe"),
    )
    settled_minor = models.PositiveIntegerField(
        null=True, blank=True, editable=False, verbose_name=_("settled (minor units)")
    )
    settled_currency = models.CharField(
        max_length=3, blank=True, editable=False, verbose_name=_("settled in")
    )
    stripe_fee_minor = models.PositiveIntegerField(
        null=True, blank=True, editable=False, verbose_name=_("Stripe's fee (minor units)")
    )
    succeeded_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("succeeded at")
    )
    reason = models.CharField(max_length=500, blank=True, editable=False, verbose_name=_("reason"))
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, verbose_name=_("further data")
    )

    objects: ClassVar[TransactionQuerySet] = TransactionQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["mentee", "-created_at"]),
            models.Index(fields=["mentor", "-created_at"]),
            models.Index(fields=["type", "status", "next_attempt_at"]),
            # A person's account, latest first.
            models.Index(
                "mentor", MOVED_AT.desc(), F("id").desc(), name="payments_transaction_mentor"
            ),
            models.Index(
                "mentee", MOVED_AT.desc(), F("id").desc(), name="payments_transaction_mentee"
            ),
            # All that a mentor's sums are made of, read from the index alone; and whether any of
            # it has changed.
            models.Index(
                fields=[
                    "mentor",
                    "currency",
                    "type",
                    "status",
                    "succeeded_at",
                    "created_at",
                    "platform_fee_minor",
                    "net_minor",
                    "reversed_minor",
                ],
                name="payments_transaction_sums",
            ),
            models.Index(fields=["mentor", "updated_at"], name="payments_transaction_changed"),
            models.Index(fields=["type", "succeeded_at"], name="payments_transaction_succeeded"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor=F("platform_fee_minor") + F("net_minor")),
                name="payments_transaction_fee_and_net_make_amount",
            ),
            models.CheckConstraint(
                condition=Q(type__in=["refund", "payout"], parent__isnull=False)
                | Q(type__in=["booking", "subscription", "tip"], parent__isnull=True),
                name="payments_transaction_parent_fits_type",
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(type="booking") & ~Q(status="failed"),
                name="payments_transaction_one_charge_a_booking",
            ),
            # What it is about: a charge names one thing, and its children name the same.
            models.CheckConstraint(
                condition=(
                    Q(booking__isnull=False, tip__isnull=True, subscription__isnull=True)
                    | Q(booking__isnull=True, tip__isnull=False, subscription__isnull=True)
                    | Q(booking__isnull=True, tip__isnull=True, subscription__isnull=False)
                ),
                name="payments_transaction_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(type="booking") | Q(booking__isnull=False),
                name="payments_transaction_of_a_booking_names_it",
            ),
            models.CheckConstraint(
                condition=~Q(type="tip") | Q(tip__isnull=False, platform_fee_minor=0),
                name="payments_transaction_of_a_tip_names_it_without_fee",
            ),
            models.CheckConstraint(
                condition=~Q(type="subscription") | Q(subscription__isnull=False),
                name="payments_transaction_of_a_subscription_names_it",
            ),
            models.CheckConstraint(
                condition=Q(reversed_minor=0)
                | Q(type__in=["refund", "payout"], reversed_minor__lte=F("amount_minor")),
                name="payments_transaction_reversed_within_amount",
            ),
            models.UniqueConstraint(
                fields=["tip"],
                condition=Q(type="tip") & ~Q(status="failed"),
                name="payments_transaction_one_charge_a_tip",
            ),
            models.UniqueConstraint(
                fields=["parent"],
                # One of which something came back leaves room for that to leave again.
                condition=Q(type="payout")
                & ~Q(status__in=["failed", "refunded", "partially_refunded"]),
                name="payments_transaction_one_payout_a_charge",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def charge(self) -> "Transaction":
        """What a refund gives back or a payout passes on; a charge itself."""
        return self.parent or self

    @property
    def is_chargeback(self) -> bool:
        """Whether this refund was made by the cardholder's bank, which won a dispute, not by us."""
        return "dispute" in self.metadata

    @property
    def is_authorized(self) -> bool:
        """The bank holds the price: it is to be captured or released."""
        return self.status == self.Status.PROCESSING and self.capture_before_at is not None

    @property
    def is_direct(self) -> bool:
        """Paid with a saved card, without a page of Stripe's."""
        return bool(self.pays_with)

    def has_unexpected_payment(self, *, besides: str = "") -> bool:
        """Whether another sum came than was asked for, or a second payment."""
        came = self.metadata.get("unexpected_payments", [])
        return any(payment["payment_intent"] != besides for payment in came)

    @property
    def group(self) -> str:
        """Stripe's `transfer_group`: the random code of what was sold."""
        thing = self.booking or self.tip or self.subscription
        if thing is None:
            raise ValueError(f"{self.code} is about nothing.")
        return thing.code

    @property
    def session_booking(self) -> Booking | None:
        """The booking whose price or tip it is about; `None` for a subscription's row."""
        return self.tip.booking if self.tip else self.booking

    @property
    def sold(self) -> Booking:
        """The booking that it is about; `ValueError` for a row without one."""
        if self.booking is None:
            raise ValueError(f"{self.code} is about no booking.")
        return self.booking
