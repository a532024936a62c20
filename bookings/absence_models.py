"""Sessions to which, as one side says and the room's log shows, the other didn't come."""

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentormatch.db import PublicIdField, TimestampedModel

TEXT_LENGTH = 500


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def open(self) -> Self:
        """Those that staff have yet to decide: the mentor's money waits for it."""
        return self.filter(outcome="")

    def to_decide(self, now: dt.datetime) -> Self:
        """Open ones whose other side has had its say, or its time for it."""
        return self.open().filter(Q(objected_at__isnull=False) | Q(object_until__lte=now))


class Absence(TimestampedModel):
    """A report that one side of a booking wasn't there, and what staff made of it."""

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("so it was")
        DISMISSED = "dismissed", _("not so")

    code = PublicIdField()
    booking = models.OneToOneField(
        Booking, on_delete=models.PROTECT, related_name="absence", verbose_name=_("booking")
    )
    absent_side = models.CharField(
        _("who wasn't there"), max_length=16, choices=Booking.Side, editable=False
    )
    note = models.CharField(_("what was reported"), max_length=TEXT_LENGTH, blank=True)
    object_until = models.DateTimeField(_("to be objected to by"), editable=False)
    objected_at = models.DateTimeField(_("objected at"), null=True, blank=True, editable=False)
    objection = models.CharField(_("objection"), max_length=TEXT_LENGTH, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=16, choices=Outcome, blank=True, editable=False
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    reason = models.CharField(_("reason"), max_length=TEXT_LENGTH, blank=True, editable=False)

    objects: ClassVar[AbsenceQuerySet] = AbsenceQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["outcome", "object_until"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(absent_side__in=["mentee", "mentor"]),
                name="bookings_absence_of_one_of_the_two",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True)
                | (~Q(outcome="") & Q(decided_at__isnull=False)),
                name="bookings_absence_decided_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_open(self) -> bool:
        return not self.outcome

    @property
    def is_upheld(self) -> bool:
        return self.outcome == self.Outcome.UPHELD

    def may_be_objected_to(self, now: dt.datetime) -> bool:
        """Whether the other side can still have its say, which it has once."""
        return self.is_open and self.objected_at is None and now < self.object_until

    def is_about(self, side: str) -> bool:
        return self.absent_side == side
