"""The card that a mentee keeps with Stripe to pay by one click."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch.accounts.models import User
from mentormatch.db import PublicIdField, TimestampedModel


class SavedCardQuerySet(models.QuerySet["SavedCard"]):
    def usable_by(self, user: User, now: dt.datetime) -> "SavedCard | None":
        """The card with which this person can pay by one click, if any."""
        row = self.filter(user=user).first()
        return row if row is not None and row.is_usable(now) else None

    def kept_by(self, user: User) -> "SavedCard | None":
        """The card that this person keeps, expired or not."""
        return self.filter(user=user).exclude(stripe_payment_method_id="").first()

    def customer_id(self, user: User) -> str:
        """This person's id as Stripe's customer; empty for one who never kept a card."""
        found = self.filter(user=user).values_list("stripe_customer_id", flat=True).first()
        return found or ""


class SavedCard(TimestampedModel):
    """A person as Stripe's customer, and the card they agreed to keep; empty once removed.

    The number is at Stripe alone: this is what a page may show.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_card",
        verbose_name=_("person"),
    )
    code = PublicIdField()  # the idempotency key of making the customer
    stripe_customer_id = models.CharField(
        max_length=100, unique=True, null=True, blank=True, verbose_name=_("customer at Stripe")
    )
    stripe_payment_method_id = models.CharField(
        max_length=100, blank=True, verbose_name=_("card at Stripe")
    )
    brand = models.CharField(_("brand"), max_length=20, blank=True)
    last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    # It is good until this month is over.
    exp_month = models.PositiveSmallIntegerField(_("expires in month"), null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(_("expires in year"), null=True, blank=True)
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)

    objects: ClassVar[SavedCardQuerySet] = SavedCardQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("saved card")
        verbose_name_plural = _("saved cards")

    def __str__(self) -> str:
        return f"{self.brand_name} ···· {self.last4}" if self.last4 else self.code

    @property
    def brand_name(self) -> str:
        """As it stands on the card."""
        return {"amex": "American Express"}.get(self.brand, self.brand.capitalize())

    def is_usable(self, now: dt.datetime) -> bool:
        """Whether there is one that hasn't expired."""
        if not self.stripe_payment_method_id or not self.exp_year or not self.exp_month:
            return False
        return (now.year, now.month) <= (self.exp_year, self.exp_month)
