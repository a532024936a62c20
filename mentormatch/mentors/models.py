"""Mentors: what they offer, at what price, and how they want to be booked."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast, NullIf
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from mentormatch import times
from mentormatch.accounts.models import validate_time_zone
from mentormatch.db import TimestampedModel

MAX_SEARCH_WORDS = 8
SHORTEST, LONGEST = 15, 180  # minutes of a session
SESSION_LENGTHS = (15, 20, 30, 45, 60, 75, 90, 105, 120, 150, 180)


def default_lengths() -> list[int]:
    return [30, 60]


class Topic(models.Model):
    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MentorSort(models.TextChoices):
    REVIEWS = "reviews", _("popular")
    RATING = "rating", _("best rated")
    PRICE = "price", _("lowest price")
    PRICE_DOWN = "-price", _("highest price")
    NEWEST = "newest", _("newest")


class MentorQuerySet(models.QuerySet["MentorProfile"]):
    def listed(self) -> Self:
        """Those that everyone may see and book."""
        return self.filter(status=MentorProfile.Status.LISTED, user__is_active=True)

    def visible_to(self, user: object) -> Self:
        """The listed ones, and one's own in whatever state."""
        mine = Q(user_id=getattr(user, "pk", None) or 0)
        return self.filter(Q(status=MentorProfile.Status.LISTED, user__is_active=True) | mine)

    def for_cards(self) -> Self:
        """With everything that a list shows of each, in two queries."""
        return self.select_related("user").prefetch_related("topics")

    def saying(self, text: str) -> Self:
        """Those in whose name, headline, text or topics every word of `text` occurs."""
        found = self
        for word in text.split()[:MAX_SEARCH_WORDS]:
            about = MentorProfile.topics.through.objects.filter(
                mentorprofile=OuterRef("pk"), topic__name__icontains=word
            )
            found = found.filter(
                Q(user__full_name__icontains=word)
                | Q(headline__icontains=word)
                | Q(bio__icontains=word)
                | Exists(about)
            )
        return found

    def about(self, topic: str) -> Self:
        """Those who help with the topic of that slug."""
        return self.filter(topics__slug=topic)

    def speaking(self, language: str) -> Self:
        """Those who speak the language of that ISO 639-1 code."""
        # As text: SQLite has no lookup for what a JSON list contains.
        written = self.annotate(languages_text=Cast("languages", models.TextField()))
        return written.filter(languages_text__contains=f'"{language}"')

    def priced(self, currency: str, least: int | None = None, most: int | None = None) -> Self:
        """Those whose hour costs between `least` and `most` minor units of that currency."""
        found = self.filter(currency=currency)
        if least is not None:
            found = found.filter(hourly_rate_minor__gte=least)
        return found if most is None else found.filter(hourly_rate_minor__lte=most)

    def matching(
        self,
        *,
        text: str = "",
        topic: str = "",
        language: str = "",
        currency: str = "",
        least: int | None = None,
        most: int | None = None,
        sort: str = "",
    ) -> Self:
        """The search of the page and of the API; prices in minor units an hour.

        Without a `currency` prices are those of the first one that the platform settles in.
        """
        found = self.saying(text)
        if topic:
            found = found.about(topic)
        if language:
            found = found.speaking(language)
        if currency or least is not None or most is not None:
            found = found.priced(currency or settings.SETTLEMENT_CURRENCIES[0], least, most)
        return found.sorted_by(sort)

    def sorted_by(self, sort: str) -> Self:
        """In one of the orders of `MentorSort`; unknown ones are the first."""
        average = F("rating_sum") * 1.0 / NullIf("review_count", 0)
        orders: dict[str, list[Any]] = {
            MentorSort.RATING: [average.desc(nulls_last=True), "-review_count"],
            MentorSort.PRICE: ["currency", "hourly_rate_minor"],
            MentorSort.PRICE_DOWN: ["currency", "-hourly_rate_minor"],
            MentorSort.NEWEST: ["-listed_at"],
        }
        return self.order_by(*orders.get(sort, ["-review_count"]), "pk")


class MentorProfile(TimestampedModel):
    BIO_LENGTH = 5000

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_REVIEW = "in_review", _("in review")
        LISTED = "listed", _("listed")
        SUSPENDED = "suspended", _("suspended")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="mentor_profile",
        verbose_name=_("person"),
    )
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.DRAFT, editable=False
    )
    headline = models.CharField(_("headline"), max_length=120)
    bio = models.TextField(_("about you"), max_length=BIO_LENGTH)
    topics = models.ManyToManyField(Topic, related_name="mentors", verbose_name=_("topics"))
    languages: models.JSONField[list[str], list[str]] = models.JSONField(
        _("languages"), default=list, help_text=_("ISO 639-1 codes, the first one first.")
    )
    country = models.CharField(_("country"), max_length=2, default="DE")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    # Money, in minor units of `currency`.
    currency = models.CharField(_("currency"), max_length=3, default="eur")
    hourly_rate_minor = models.PositiveIntegerField(_("price an hour"), default=0)
    trial_rate_minor = models.PositiveIntegerField(
        _("price of a trial"), null=True, blank=True, help_text=_("Empty: no trial is offered.")
    )
    trial_minutes = models.PositiveSmallIntegerField(
        _("length of a trial"),
        default=30,
        validators=[MinValueValidator(SHORTEST), MaxValueValidator(LONGEST)],
    )
    # How they are booked.
    lengths: models.JSONField[list[int], list[int]] = models.JSONField(
        _("lengths offered"), default=default_lengths
    )
    step_minutes = models.PositiveSmallIntegerField(_("start every (minutes)"), default=30)
    notice_minutes = models.PositiveIntegerField(_("minimum notice (minutes)"), default=12 * 60)
    horizon_days = models.PositiveSmallIntegerField(_("bookable ahead (days)"), default=60)
    buffer_before_minutes = models.PositiveSmallIntegerField(_("free before"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("free after"), default=0)
    daily_cap = models.PositiveSmallIntegerField(_("sessions a day at most"), null=True, blank=True)
    requires_approval = models.BooleanField(_("I confirm each request myself"), default=False)
    # Whether Stripe can send money there: written by `payments` through `mentors.services`.
    is_payable = models.BooleanField(_("can be paid"), default=False, editable=False)
    # Statistics: sums, so that each change is one UPDATE. Written by `mentors.services` alone.
    rating_sum = models.PositiveIntegerField(
        default=0, editable=False, verbose_name=_("sum of stars")
    )
    review_count = models.PositiveIntegerField(default=0, editable=False, verbose_name=_("reviews"))
    total_sessions = models.PositiveIntegerField(
        default=0, editable=False, verbose_name=_("sessions held")
    )
    listed_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("listed since")
    )
    status_reason = models.CharField(
        max_length=300, blank=True, editable=False, verbose_name=_("reason of the status")
    )

    objects: ClassVar[MentorQuerySet] = MentorQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("mentor")
        verbose_name_plural = _("mentors")
        ordering = ["-review_count", "pk"]
        indexes = [
            models.Index(fields=["status", "hourly_rate_minor"]),
            models.Index(fields=["status", "-review_count"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(step_minutes__gte=5) & Q(step_minutes__lte=180),
                name="mentors_step_between_5_and_180",
            ),
            models.CheckConstraint(
                condition=Q(trial_minutes__gte=SHORTEST) & Q(trial_minutes__lte=LONGEST),
                name="mentors_trial_between_15_and_180",
            ),
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("review_count"))
                & Q(rating_sum__lte=F("review_count") * 5),
                name="mentors_rating_sum_fits_count",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.user.get_full_name()

    @property
    def zone(self) -> ZoneInfo:
        return times.zone(self.time_zone)

    @property
    def is_listed(self) -> bool:
        return self.status == self.Status.LISTED

    @property
    def sells(self) -> bool:
        """Whether sessions that cost something can be booked."""
        return self.is_payable and self.currency in settings.SETTLEMENT_CURRENCIES

    @property
    def offers_trial(self) -> bool:
        return self.trial_rate_minor is not None

    @cached_property
    def average_rating(self) -> Decimal | None:
        """Mean of the public reviews' stars, two decimals; `None` without any."""
        if not self.review_count:
            return None
        return round(Decimal(self.rating_sum) / self.review_count, 2)

    @property
    def horizon(self) -> dt.timedelta:
        return dt.timedelta(days=self.horizon_days)
