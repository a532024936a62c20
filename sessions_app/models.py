"""The meeting itself: its room, who came when, and how it ended."""

import datetime as dt
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User

OPENS_BEFORE = dt.timedelta(minutes=10)
# Past its planned end by that much, a session that nobody ended counts as over: soon where the
# log shows that both sides came, and where it doesn't, late enough for one of them to speak up.
BOTH_CAME_GRACE = dt.timedelta(minutes=15)
OTHERWISE_GRACE = dt.timedelta(hours=48)
KEPT = tuple(status for status in Booking.Status if status != Booking.Status.CANCELLED)


def random_room_name() -> str:
    """128 random bits: a room can't be guessed."""
    return secrets.token_hex(16)


class SessionQuerySet(models.QuerySet["Session"]):
    def for_user(self, user: "User") -> Self:
        """Those in which this person has a seat, or which they lead.

        Who gave a seat in a group back is no part of it any more, unless it was called off for
        all.
        """
        # By subqueries and not by joins: so each is there once, and both halves have an index.
        led = MentorProfile.objects.filter(user=user).order_by().values("pk")[:1]
        kept = Q(session__status=Session.Status.CANCELLED) | Q(booking__status__in=KEPT)
        seats = Seat.objects.filter(kept, booking__mentee=user)
        return self.filter(Q(mentor=Subquery(led)) | Q(pk__in=seats.values("session")))

    def with_people(self) -> Self:
        """With everyone who may enter, in a fixed number of queries."""
        people = self.select_related("mentor__user", "group_session")
        return people.prefetch_related("seats__booking__mentee")

    def overdue(self, now: dt.datetime) -> Self:
        """Those that are over by the clock and that nobody ended."""
        # To this time: who was there before the session was moved didn't come to it.
        opened_at = OuterRef("starts_at") - OPENS_BEFORE
        came = Presence.objects.filter(session=OuterRef("pk"), joined_at__gte=opened_at)
        mentor_came = Exists(came.filter(user=OuterRef("mentor__user")))
        mentee_came = Exists(came.filter(user=F("session__seats__booking__mentee")))
        return self.filter(status__in=Session.LIVE).filter(
            Q(ends_at__lte=now - OTHERWISE_GRACE)
            | Q(mentor_came, mentee_came, ends_at__lte=now - BOTH_CAME_GRACE)
        )


class Session(TimestampedModel):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        IN_PROGRESS = "in_progress", _("in progress")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")

    LIVE: ClassVar[tuple[str, ...]] = (Status.SCHEDULED, Status.IN_PROGRESS)

    code = PublicIdField()
    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("mentor")
    )
    group_session = models.OneToOneField(
        GroupSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="session",
        verbose_name=_("group session"),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.SCHEDULED, editable=False
    )
    starts_at = models.DateTimeField(_("starts"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    started_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("started at")
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("ended at")
    )
    room_name = models.CharField(
        max_length=64,
        unique=True,
        default=random_room_name,
        editable=False,
        verbose_name=_("name of the room"),
    )
    recording_url = models.URLField(blank=True, verbose_name=_("recording"))
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, verbose_name=_("further data")
    )

    objects: ClassVar[SessionQuerySet] = SessionQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

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

    @property
    def planned_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def duration_minutes(self) -> int | None:
        """How long it really took, in whole minutes; `None` until it ended, or if nobody came."""
        if self.started_at is None or self.ended_at is None:
            return None
        return int((self.ended_at - self.started_at).total_seconds() // 60)

    @cached_property
    def bookings(self) -> "list[Booking]":
        """The bookings that have a seat in it, with their mentees.

        Seats given back in a group count only once the whole is called off.
        """
        seated = [seat.booking for seat in self.seats.all()]
        return [booking for booking in seated if booking.status in KEPT] or seated

    def is_led_by(self, user: "User") -> bool:
        return self.mentor.user_id == user.pk

    def booking_of(self, user: "User") -> "Booking | None":
        """That person's own booking in it, the one that stands if there are several."""
        own = [seat.booking for seat in self.seats.all() if seat.booking.mentee_id == user.pk]
        return max(own, key=lambda booking: booking.status in KEPT, default=None)


class Seat(models.Model):
    """A booking's place in a session: one in a one-on-one, several in a group."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="seats", verbose_name=_("session")
    )
    booking = models.OneToOneField(
        Booking, on_delete=models.PROTECT, related_name="seat", verbose_name=_("booking")
    )

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")

    def __str__(self) -> str:
        return f"{self.session_id}/{self.booking_id}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    def in_the_room(self, session_id: int) -> Self:
        """Those who came into it and haven't left."""
        return self.filter(session=session_id, left_at__isnull=True)

    def leave(self, *, now: dt.datetime) -> int:
        """Note that they left now, or when they came where the clock has gone back since."""
        return self.update(left_at=Greatest(F("joined_at"), Value(now)), updated_at=now)


class Presence(TimestampedModel):
    """One stay of one person in a room: the evidence of who came, and when."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="presences", verbose_name=_("session")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    joined_at = models.DateTimeField(_("joined at"))
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)

    objects: ClassVar[PresenceQuerySet] = PresenceQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

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
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="sessions_presence_left_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.session_id}"
