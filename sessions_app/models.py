"""The meeting itself: its room, who came when, and how it ended."""

import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User


def random_room_name() -> str:
    """128 random bits: a room can't be guessed."""
    return secrets.token_hex(16)


class SessionQuerySet(models.QuerySet["Session"]):
    def for_user(self, user: "User") -> Self:
        """Those in which this person has a seat, or which they lead."""
        return self.filter(Q(mentor__user=user) | Q(seats__booking__mentee=user)).distinct()


class Session(TimestampedModel):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        IN_PROGRESS = "in_progress", _("in progress")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")

    code = PublicIdField()
    mentor = models.ForeignKey(MentorProfile, on_delete=models.PROTECT, related_name="sessions")
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.SCHEDULED, editable=False
    )
    starts_at = models.DateTimeField(_("starts"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    room_name = models.CharField(
        max_length=64, unique=True, default=random_room_name, editable=False
    )
    recording_url = models.URLField(blank=True)
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["status", "ends_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="sessions_session_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Seat(models.Model):
    """A booking's place in a session: one in a one-on-one, several in a group."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="seats")
    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="seat")

    def __str__(self) -> str:
        return f"{self.session_id}/{self.booking_id}"


class Presence(TimestampedModel):
    """One stay of one person in a room: the evidence of who came, and when."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        ordering = ["joined_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"],
                condition=Q(left_at__isnull=True),
                name="sessions_presence_in_the_room_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.session_id}"
