"""Plans that mentors sell by the month, and who has subscribed to one."""

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.models import Booking
from mentormatch.accounts.models import User
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile


class Interval(models.TextChoices):
    MONTHLY = "monthly", _("monthly")
    QUARTERLY = "quarterly", _("quarterly")
    ANNUAL = "annual", _("annual")


class PlanQuerySet(models.QuerySet["Plan"]):
    def of(self, user: User) -> Self:
        """This mentor's own, retired ones included."""
        return self.filter(mentor__user=user)

    def offered(self) -> Self:
        return self.filter(is_offered=True)

    def for_sale(self) -> Self:
        """Those that can be subscribed to just now."""
        return self.offered().filter(
            mentor__in=MentorProfile.objects.listed().filter(is_payable=True),
            currency__in=settings.SETTLEMENT_CURRENCIES,
        )


class Plan(TimestampedModel):
    """What a mentor sells by subscription, with a price for each interval that it comes in.

    What was subscribed to stays as it was: a price changes for new subscriptions only.
    """

    TITLE_LENGTH, DESCRIPTION_LENGTH = 80, 1000

    code = PublicIdField()
    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.PROTECT, related_name="plans", verbose_name=_("mentor")
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    description = models.TextField(_("what it includes"), max_length=DESCRIPTION_LENGTH, blank=True)
    credits_a_month = models.PositiveSmallIntegerField(_("sessions a month"))
    session_minutes = models.PositiveSmallIntegerField(_("length of a session (minutes)"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    # In minor units a period; empty: not sold in that interval.
    monthly_minor = models.PositiveIntegerField(_("price a month"), null=True, blank=True)
    quarterly_minor = models.PositiveIntegerField(_("price a quarter"), null=True, blank=True)
    annual_minor = models.PositiveIntegerField(_("price a year"), null=True, blank=True)
    is_offered = models.BooleanField(_("on offer"), default=True, editable=False)

    objects: ClassVar[PlanQuerySet] = PlanQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["pk"]
        indexes = [models.Index(fields=["mentor", "is_offered"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(monthly_minor__gt=0) | Q(quarterly_minor__gt=0) | Q(annual_minor__gt=0),
                name="payments_plan_has_a_price",
            ),
            models.CheckConstraint(
                condition=Q(session_minutes__gte=SHORTEST, session_minutes__lte=LONGEST),
                name="payments_plan_between_15_and_180_minutes",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def price_minor(self, interval: str) -> int | None:
        """In minor units a period; `None` where it isn't sold in that interval."""
        prices = {
            Interval.MONTHLY: self.monthly_minor,
            Interval.QUARTERLY: self.quarterly_minor,
            Interval.ANNUAL: self.annual_minor,
        }
        return prices[Interval(interval)]

    @property
    def prices(self) -> list[tuple[Interval, int]]:
        """What it costs in each interval that it is sold in, the shortest first."""
        return [(interval, price) for interval in Interval if (price := self.price_minor(interval))]


# Ended by somebody whose word stands, whatever the mentee wishes.
ENDED = Q(ended_by_mentor_at__isnull=False) | Q(ended_by_dispute_at__isnull=False)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def for_user(self, user: User) -> Self:
        """Those that this person took, or that were taken with them as the mentor."""
        return self.filter(Q(mentee=user) | Q(mentor__user=user))

    def with_people(self) -> Self:
        return self.select_related("plan", "mentor__user", "mentee")

    def standing(self) -> Self:
        return self.exclude(status=Subscription.Status.CANCELLED)

    def to_end(self) -> Self:
        """Those whose end stands, and that Stripe would still renew, or let run unpaid."""
        rows = self.standing()
        return rows.filter(ENDED, cancel_at_period_end=False) | rows.taken_back()

    def taken_back(self) -> Self:
        """Those of whose present period nothing is paid: a bank took the latest payment back."""
        from payments.models import Dispute, Transaction  # noqa: PLC0415  # both point at these

        paid = Transaction.objects.charges().filter(status__in=Transaction.RECEIVED)
        latest = paid.filter(subscription=OuterRef(OuterRef("pk"))).order_by("-pk").values("pk")[:1]
        lost = Dispute.objects.filter(
            status=Dispute.Status.LOST, charge__status=Transaction.Status.REFUNDED
        )
        return self.filter(
            Exists(lost.filter(charge=Subquery(latest))), ended_by_dispute_at__isnull=False
        )

    def begun(self) -> Self:
        """Without the checkouts that nobody finished yet."""
        return self.shown().exclude(status=Subscription.Status.INCOMPLETE)

    def shown(self) -> Self:
        """Without the checkouts that nobody finished, and that can't be finished any more."""
        paid = CreditPeriod.objects.filter(subscription=OuterRef("pk"))
        return self.filter(~Q(status=Subscription.Status.CANCELLED) | Exists(paid))


class Subscription(TimestampedModel):
    """One person's subscription to a plan; Stripe Billing drives its state."""

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete", _("not paid yet")
        TRIALING = "trialing", _("on trial")
        ACTIVE = "active", _("active")
        PAST_DUE = "past_due", _("payment overdue")
        CANCELLED = "cancelled", pgettext_lazy("a subscription", "ended")

    # Those in which credits can be used.
    USABLE: ClassVar[tuple[str, ...]] = (Status.TRIALING, Status.ACTIVE)
    # Those that have a subscriber.
    BEGUN: ClassVar[tuple[str, ...]] = (*USABLE, Status.PAST_DUE)

    code = PublicIdField()
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("plan")
    )
    mentor = models.ForeignKey(
        MentorProfile,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("mentor"),
    )
    mentee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("mentee"),
    )
    interval = models.CharField(_("interval"), max_length=16, choices=Interval, editable=False)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.INCOMPLETE, editable=False
    )
    # The snapshot of what was subscribed to.
    price_minor = models.PositiveIntegerField(_("price"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    fee_percent = models.PositiveSmallIntegerField(_("platform fee (percent)"), editable=False)
    credits_a_month = models.PositiveSmallIntegerField(_("sessions a month"), editable=False)
    session_minutes = models.PositiveSmallIntegerField(
        _("length of a session (minutes)"), editable=False
    )
    current_period_start: models.DateTimeField[dt.datetime | None, dt.datetime | None] = (
        models.DateTimeField(_("period began"), null=True, blank=True, editable=False)
    )
    current_period_end: models.DateTimeField[dt.datetime | None, dt.datetime | None] = (
        models.DateTimeField(_("period ends"), null=True, blank=True, editable=False)
    )
    cancel_at_period_end = models.BooleanField(
        _("ends with the period"), default=False, editable=False
    )
    # It stands whatever the mentee wishes; Stripe is told after.
    ended_by_mentor_at = models.DateTimeField(
        _("ended by the mentor at"), null=True, blank=True, editable=False
    )
    # So does this, whether the dispute is won or lost.
    ended_by_dispute_at = models.DateTimeField(
        _("ended by a dispute at"), null=True, blank=True, editable=False
    )
    is_paused = models.BooleanField(_("rests"), default=False, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    # Filled in once, from what Stripe answers.
    stripe_subscription_id = models.CharField(
        _("subscription at Stripe"),
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        editable=False,
    )
    stripe_checkout_session_id = models.CharField(
        _("checkout at Stripe"), max_length=100, unique=True, null=True, blank=True, editable=False
    )
    checkout_url = models.URLField(
        _("address of the checkout"), max_length=2000, blank=True, editable=False
    )
    checkout_expires_at = models.DateTimeField(
        _("checkout ends at"), null=True, blank=True, editable=False
    )
    # How our call to Stripe is going.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=1, editable=False)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("further data"), default=dict, blank=True
    )

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["mentee", "-created_at"]),
            models.Index(fields=["mentor", "-created_at"]),
            models.Index(
                fields=["status"],
                condition=ENDED & ~Q(status="cancelled"),
                name="payments_subscriptions_to_end",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "mentee"],
                condition=~Q(status="cancelled"),
                name="payments_subscription_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
                name="payments_subscription_cancelled_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_unpaid(self) -> bool:
        """Whether it has yet to begin."""
        return self.status == self.Status.INCOMPLETE

    @property
    def is_usable(self) -> bool:
        """Whether sessions can be booked with it."""
        return self.status in self.USABLE and not self.is_paused

    @property
    def is_over(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def is_ending(self) -> bool:
        """Whether it won't renew, and still runs."""
        return not self.is_over and bool(self.cancel_at_period_end or self.end_stands)

    @property
    def end_stands(self) -> bool:
        """Whether its mentee can't let it go on."""
        return bool(self.ended_by_mentor_at or self.ended_by_dispute_at)


class CreditPeriodQuerySet(models.QuerySet["CreditPeriod"]):
    def covering(self, instant: dt.datetime) -> Self:
        """The months in which that instant lies."""
        return self.filter(starts_at__lte=instant, ends_at__gt=instant)

    def with_some_left(self) -> Self:
        return self.filter(used__lt=F("granted"))

    def backed(self) -> Self:
        """Those whose money is there: it went not back whole, and no bank asks for it."""
        from payments.models import Dispute, Transaction  # noqa: PLC0415  # both point at these

        of_it = Transaction.objects.filter(stripe_invoice_id=OuterRef("stripe_invoice_id"))
        disputed = Dispute.objects.freezing().filter(
            charge__stripe_invoice_id=OuterRef("stripe_invoice_id")
        )
        return self.filter(
            ~Exists(of_it.filter(status=Transaction.Status.REFUNDED)), ~Exists(disputed)
        )


class CreditPeriod(TimestampedModel):
    """A month's sessions of a paid subscription; what isn't used by its end lapses."""

    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        related_name="credit_periods",
        verbose_name=_("subscription"),
    )
    starts_at = models.DateTimeField(_("starts"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    granted = models.PositiveSmallIntegerField(_("sessions"), editable=False)
    used = models.PositiveSmallIntegerField(_("used"), default=0, editable=False)
    stripe_invoice_id = models.CharField(_("invoice at Stripe"), max_length=100, editable=False)

    objects: ClassVar[CreditPeriodQuerySet] = CreditPeriodQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("month of a subscription")
        verbose_name_plural = _("months of subscriptions")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(used__lte=F("granted")), name="payments_credits_used_within_granted"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="payments_credits_end_after_start"
            ),
            models.UniqueConstraint(
                fields=["subscription", "starts_at"], name="payments_credits_once_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.starts_at:%Y-%m-%d}"

    @property
    def left(self) -> int:
        return self.granted - self.used


class Credit(TimestampedModel):
    """A session that was booked with a subscription instead of money."""

    period = models.ForeignKey(CreditPeriod, on_delete=models.PROTECT, related_name="credits")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="credit")
    given_back_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("session credit")
        verbose_name_plural = _("session credits")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.period_id} {self.booking_id}"
