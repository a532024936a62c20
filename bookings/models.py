"""A mentor's hours, the calendar that sells them once, and the bookings made of it."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from bookings.group_models import REASON_LENGTH, GroupSession
from bookings.guards import overlap_guard
from mentormatch import times
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile

if TYPE_CHECKING:
    from mentormatch.accounts.models import User


class AvailabilitySlot(TimestampedModel):
    """A window of a mentor's wall clock, every week or on one date.

    Minutes since midnight in the mentor's zone; 1440 is 24:00. Windows that touch are one.
    """

    mentor = models.ForeignKey(
        MentorProfile,
        on_delete=models.CASCADE,
        related_name="availability",
        verbose_name=_("mentor"),
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), null=True, blank=True)
    date = models.DateField(_("date"), null=True, blank=True)
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        ordering = ["weekday", "date", "start_minute"]
        indexes = [models.Index(fields=["mentor", "date"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__isnull=True, date__isnull=False)
                | Q(weekday__isnull=False, weekday__lte=6, date__isnull=True),
                name="bookings_availability_weekday_or_date",
            ),
            models.CheckConstraint(
                condition=Q(end_minute__gt=F("start_minute"), end_minute__lte=1440),
                name="bookings_availability_ends_after_start",
            ),
            # One for each kind: SQLite can't be told that two empty weekdays are the same.
            models.UniqueConstraint(
                fields=["mentor", "weekday", "start_minute", "end_minute"],
                condition=Q(date__isnull=True),
                name="bookings_availability_once_a_week",
            ),
            models.UniqueConstraint(
                fields=["mentor", "date", "start_minute", "end_minute"],
                condition=Q(weekday__isnull=True),
                name="bookings_availability_once_on_a_date",
            ),
        ]


class TimeOff(TimestampedModel):
    """Whole days of the mentor's wall calendar on which nothing is offered; both ends count."""

    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.CASCADE, related_name="time_off", verbose_name=_("mentor")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="bookings_time_off_ends_after_start"
            ),
        ]


class BookingQuerySet(models.QuerySet["Booking"]):
    def for_user(self, user: "User") -> Self:
        """Those in which this person takes part, as mentee or as mentor."""
        # By a subquery and not by a join: only so does PostgreSQL use an index for each half.
        own = MentorProfile.objects.filter(user=user).order_by().values("pk")[:1]
        return self.filter(Q(mentee=user) | Q(mentor=Subquery(own)))

    def in_role(self, user: "User", role: str) -> Self:
        """Those of this person as "mentee" or as "mentor"; as either for any other role."""
        if role == Booking.Side.MENTEE:
            return self.filter(mentee=user)
        if role == Booking.Side.MENTOR:
            return self.filter(mentor__user=user)
        return self.for_user(user)

    def trials_of(self, user: "User", mentor: "MentorProfile | OuterRef") -> Self:
        """What this person has had, or still has, of the one trial that a pair may have."""
        trials = self.filter(mentor=mentor, mentee=user, session_type=Booking.Type.TRIAL)
        return trials.exclude(status=Booking.Status.CANCELLED)

    def with_people(self) -> Self:
        """With everything a list or a page names, in the same query."""
        return self.select_related("mentor__user", "mentee", "group_session")

    def with_session(self) -> Self:
        """With people, and with the room where it has one."""
        return self.with_people().select_related("seat__session")

    def upcoming(self, now: dt.datetime) -> Self:
        """Those that still take time, soonest first."""
        return self.filter(status__in=Booking.HOLDS_TIME, ends_at__gt=now).order_by("starts_at")

    def past(self, now: dt.datetime) -> Self:
        """Those that are over or called off, latest first."""
        return self.exclude(status__in=Booking.HOLDS_TIME, ends_at__gt=now).order_by("-starts_at")


class Booking(TimestampedModel):
    NOTES_LENGTH = 2000

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELLED = "cancelled", _("cancelled")
        COMPLETED = "completed", _("completed")
        NO_SHOW = "no_show", _("no-show")

    class Type(models.TextChoices):
        ONE_ON_ONE = "one_on_one", _("one-on-one")
        GROUP = "group", _("group")
        TRIAL = "trial", _("trial")

    class Side(models.TextChoices):
        MENTEE = "mentee", _("mentee")
        MENTOR = "mentor", _("mentor")
        STAFF = "staff", _("staff")
        SYSTEM = "system", _("system")

    class CancellationCode(models.TextChoices):
        CANCELLED = "cancelled", _("cancelled")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("not paid in time")
        LAPSED = "lapsed", _("not answered in time")
        GROUP_MINIMUM = "group_minimum", _("too few took part")

    HOLDS_TIME: ClassVar[tuple[str, ...]] = (Status.PENDING, Status.CONFIRMED)
    TOOK_PLACE: ClassVar[tuple[str, ...]] = (Status.COMPLETED, Status.NO_SHOW)

    code = PublicIdField()
    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("mentor")
    )
    mentee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("mentee"),
    )
    session_type = models.CharField(_("kind"), max_length=16, choices=Type, default=Type.ONE_ON_ONE)
    group_session = models.ForeignKey(
        GroupSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="bookings",
        verbose_name=_("group session"),
    )
    status = models.CharField(_("status"), max_length=16, choices=Status, editable=False)
    starts_at = models.DateTimeField(_("starts"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"))
    notes = models.TextField(_("what you want to talk about"), max_length=NOTES_LENGTH, blank=True)
    # The snapshot of the terms it was booked under (`policy.py`).
    price_minor = models.PositiveIntegerField(_("price"), default=0)
    platform_fee_minor = models.PositiveIntegerField(_("platform fee"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    free_cancellation_until = models.DateTimeField(_("free cancellation until"))
    # Pending: to pay until …, or (never both) to be answered by the mentor until ….
    hold_expires_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("held until")
    )
    answer_by_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("to be answered by")
    )
    # Whether the mentor has to say yes first; a snapshot, as the price is.
    needs_answer = models.BooleanField(_("the mentor answers first"), default=False, editable=False)
    accepted_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("accepted at")
    )
    confirmed_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("confirmed at")
    )
    completed_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("completed at")
    )
    cancelled_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("cancelled at")
    )
    cancelled_by = models.CharField(
        max_length=16, choices=Side, blank=True, editable=False, verbose_name=_("cancelled by")
    )
    cancellation_code = models.CharField(
        max_length=16,
        choices=CancellationCode,
        blank=True,
        editable=False,
        verbose_name=_("kind of cancellation"),
    )
    cancellation_reason = models.CharField(
        max_length=REASON_LENGTH, blank=True, verbose_name=_("reason of the cancellation")
    )
    refund_minor = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text=_("What the policy gives back on cancellation."),
        verbose_name=_("given back"),
    )
    # SEQUENCE of the invitation (RFC 5546): rises with each change of time.
    sequence = models.PositiveSmallIntegerField(
        default=0, editable=False, verbose_name=_("version of the invitation")
    )
    metadata: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, verbose_name=_("further data")
    )

    objects: ClassVar[BookingQuerySet] = BookingQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["mentor", "starts_at"]),
            models.Index(fields=["mentee", "starts_at"]),
            models.Index(fields=["status", "hold_expires_at"]),
            models.Index(fields=["status", "ends_at"]),
            models.Index(fields=["status", "completed_at"]),
            # For the staff's charts, as with people and payments.
            models.Index(fields=["confirmed_at"], name="bookings_booking_confirmed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="bookings_booking_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=SHORTEST, duration_minutes__lte=LONGEST),
                name="bookings_booking_between_15_and_180_minutes",
            ),
            models.CheckConstraint(
                condition=Q(platform_fee_minor__lte=F("price_minor"))
                & Q(refund_minor__lte=F("price_minor")),
                name="bookings_booking_fee_and_refund_within_price",
            ),
            models.CheckConstraint(
                condition=Q(hold_expires_at__isnull=True) | Q(answer_by_at__isnull=True),
                name="bookings_booking_to_pay_or_to_answer",
            ),
            models.CheckConstraint(
                condition=Q(session_type="group", group_session__isnull=False)
                | (~Q(session_type="group") & Q(group_session__isnull=True)),
                name="bookings_booking_seat_is_in_a_group",
            ),
            models.UniqueConstraint(
                fields=["mentor", "mentee"],
                condition=Q(session_type="trial")
                & Q(status__in=["pending", "confirmed", "completed", "no_show"]),
                name="bookings_booking_one_trial_a_pair",
            ),
            overlap_guard(
                name="bookings_mentee_busy",
                owner="mentee",
                condition=Q(status__in=["pending", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_seat(self) -> bool:
        """Whether it is a seat in a group session, which takes its mentor's time for all."""
        return self.group_session_id is not None

    @property
    def is_to_pay(self) -> bool:
        return self.status == self.Status.PENDING and self.hold_expires_at is not None

    @property
    def is_to_answer(self) -> bool:
        return self.status == self.Status.PENDING and self.answer_by_at is not None

    @property
    def is_accepted(self) -> bool:
        """The mentor said yes, and the price that was authorised is being taken."""
        return self.status == self.Status.PENDING and self.accepted_at is not None

    @property
    def consented_at(self) -> dt.datetime | None:
        """When the mentee agreed to the rule of cancelling, if they did so on a page."""
        return times.parse_instant(self.metadata.get("consent", {}).get("at", ""))

    def side_of(self, user: "User") -> str | None:
        """Which side that person is on; `None` for a stranger."""
        if user.pk == self.mentee_id:
            return self.Side.MENTEE
        return self.Side.MENTOR if user.pk == self.mentor.user_id else None


class CalendarEntry(TimestampedModel):
    """A stretch of a mentor's time that is taken, buffers included; half-open.

    Everything that takes time writes here and slots read only this, so that one constraint
    guards them all. An entry that is no longer live takes no time.
    """

    class Kind(models.TextChoices):
        BOOKING = "booking", _("booking")
        GROUP = "group", _("group session")
        EXTERNAL = "external", _("from another calendar")
        HOLD = "hold", _("held")

    mentor = models.ForeignKey(
        MentorProfile,
        on_delete=models.CASCADE,
        related_name="calendar_entries",
        verbose_name=_("mentor"),
    )
    booking = models.OneToOneField(
        Booking,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_entry",
        verbose_name=_("booking"),
    )
    group_session = models.OneToOneField(
        GroupSession,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_entry",
        verbose_name=_("group session"),
    )
    kind = models.CharField(max_length=16, choices=Kind, verbose_name=_("kind"))
    starts_at = models.DateTimeField(verbose_name=_("starts"))
    ends_at = models.DateTimeField(verbose_name=_("ends"))
    is_live = models.BooleanField(default=True, verbose_name=_("takes time"))

    class Meta:
        verbose_name = _("calendar entry")
        verbose_name_plural = _("calendar entries")
        ordering = ["starts_at"]
        indexes = [
            models.Index(
                fields=["mentor", "starts_at", "ends_at"],
                condition=Q(is_live=True),
                name="bookings_entry_live",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="bookings_entry_ends_after_start"
            ),
            overlap_guard(name="bookings_mentor_busy", owner="mentor", condition=Q(is_live=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {times.format_instant(self.starts_at)}"
