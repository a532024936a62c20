"""Group sessions: one meeting of a mentor that several people book a seat in."""

import datetime as dt
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile

TITLE_LENGTH, DESCRIPTION_LENGTH = 120, 3000
# Why it was called off; of a booking as well.
REASON_LENGTH = 500
MOST_SEATS = 100


class GroupSessionQuerySet(models.QuerySet["GroupSession"]):
    def of_listed(self) -> Self:
        """Those of mentors whom everyone may see."""
        return self.filter(mentor__in=MentorProfile.objects.listed())

    def visible_to(self, user: object) -> Self:
        """Those of listed mentors, those that one leads, and those in which one has a seat."""
        number = getattr(user, "pk", None) or 0
        seated = GroupSession.objects.filter(bookings__mentee=number).values("pk")
        mine = Q(mentor__user=number) | Q(pk__in=seated)
        return self.filter(Q(mentor__in=MentorProfile.objects.listed()) | mine)

    def still_on(self) -> Self:
        """Those that take their mentor's time."""
        return self.filter(status=GroupSession.Status.SCHEDULED)

    def bookable(self, now: dt.datetime) -> Self:
        """Those in which everyone may still look for a seat, soonest first."""
        found = self.of_listed().still_on().filter(starts_at__gt=now)
        return found.order_by("starts_at", "pk")

    def of_mentor(self, mentor: MentorProfile | OuterRef, now: dt.datetime) -> Self:
        """That mentor's own to come, soonest first."""
        return self.still_on().filter(mentor=mentor, starts_at__gt=now).order_by("starts_at")

    def with_mentor(self) -> Self:
        """With whoever leads it, in the same query."""
        return self.select_related("mentor__user")


class GroupSession(TimestampedModel):
    """What a mentor offers to several at once; each seat in it is a booking of its own.

    `seats_taken` counts the bookings that aren't cancelled, unpaid holds included. It is written
    with their status, in the same transaction (`services.moves`), so that the last seat is sold
    once: the database refuses one more than there are.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        CANCELLED = "cancelled", _("cancelled")
        COMPLETED = "completed", _("completed")

    code = PublicIdField()
    mentor = models.ForeignKey(
        MentorProfile,
        on_delete=models.PROTECT,
        related_name="group_sessions",
        verbose_name=_("mentor"),
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    description = models.TextField(_("description"), max_length=DESCRIPTION_LENGTH)
    starts_at = models.DateTimeField(_("starts"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"))
    seats = models.PositiveSmallIntegerField(_("seats"))
    seats_taken = models.PositiveSmallIntegerField(_("seats taken"), default=0, editable=False)
    price_minor = models.PositiveIntegerField(_("price of a seat"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.SCHEDULED, editable=False
    )
    cancelled_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("cancelled at")
    )
    # A `Booking.Side`.
    cancelled_by = models.CharField(
        max_length=16, blank=True, editable=False, verbose_name=_("cancelled by")
    )
    cancellation_reason = models.CharField(
        max_length=REASON_LENGTH, blank=True, verbose_name=_("reason of the cancellation")
    )

    objects: ClassVar[GroupSessionQuerySet] = GroupSessionQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("group session")
        verbose_name_plural = _("group sessions")
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["mentor", "starts_at"]),
            models.Index(fields=["status", "starts_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="bookings_group_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=SHORTEST, duration_minutes__lte=LONGEST),
                name="bookings_group_between_15_and_180_minutes",
            ),
            models.CheckConstraint(
                condition=Q(seats__gte=1, seats__lte=MOST_SEATS), name="bookings_group_has_seats"
            ),
            models.CheckConstraint(
                condition=Q(seats_taken__lte=F("seats")), name="bookings_group_seats_sold_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def seats_left(self) -> int:
        return self.seats - self.seats_taken

    @property
    def is_on(self) -> bool:
        return self.status == self.Status.SCHEDULED

    @property
    def is_sold_out(self) -> bool:
        return self.seats_taken >= self.seats
