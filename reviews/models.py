"""What mentees say of a session, once it is over."""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from mentormatch.accounts.models import first_name
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import MentorProfile
from sessions_app.models import Session

if TYPE_CHECKING:
    from mentormatch.accounts.models import User


STARS = range(1, 6)
# By hand: five of Django's window expressions take longer to write than the database to answer.
SHARE = 'COUNT(*) FILTER (WHERE "reviews_review"."rating" = %s) OVER ()'


class Told(NamedTuple):
    """What a mentor's page says of one review."""

    rating: int
    comment: str
    created_at: dt.datetime
    full_name: str
    email: str

    @property
    def writer(self) -> str:
        return first_name(self.full_name, self.email)


class ReviewQuerySet(models.QuerySet["Review"]):
    def public(self) -> Self:
        """Those that count and that everyone may read."""
        return self.filter(is_public=True, hidden_at__isnull=True)

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """The public ones, one's own, and for the mentor and staff the private ones too."""
        if isinstance(user, AnonymousUser):
            return self.public()
        if user.is_staff:
            return self.all()
        mine = Q(reviewer=user) | Q(mentor__user=user, hidden_at__isnull=True)
        return self.filter(Q(is_public=True, hidden_at__isnull=True) | mine)

    def for_user(self, user: "User") -> Self:
        """Those that this person wrote, or that are about them as a mentor."""
        return self.filter(Q(reviewer=user) | Q(mentor__user=user))

    def with_people(self) -> Self:
        """With everyone and everything a list names, in the same query."""
        return self.select_related("reviewer", "session", "mentor__user")

    def distribution(self) -> dict[int, int]:
        """How many there are of each number of stars, one to five, in one query."""
        found = self.order_by().values_list("rating").annotate(Count("pk"))
        return dict.fromkeys(STARS, 0) | dict(found)

    def told(self, limit: int) -> tuple[list[Told], dict[int, int]]:
        """The latest as a page tells them, and how many of all have five stars, four, …

        In one query, and without making rows of it that nobody changes.
        """
        shares = [RawSQL(SHARE, [n]) for n in reversed(STARS)]  # noqa: S611  # a statement of ours
        told = ("rating", "comment", "created_at", "reviewer__full_name", "reviewer__email")
        rows = list(self.values_list(*told, *shares)[:limit])
        counts = rows[0][len(told) :] if rows else [0] * len(STARS)
        return [Told(*row[: len(told)]) for row in rows], dict(
            zip(reversed(STARS), counts, strict=True)
        )


class Review(TimestampedModel):
    COMMENT_LENGTH = 2000

    code = PublicIdField()
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("session")
    )
    mentor = models.ForeignKey(
        MentorProfile, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("mentor")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="reviews",
        verbose_name=_("written by"),
    )
    rating = models.PositiveSmallIntegerField(_("stars"))
    comment = models.TextField(_("comment"), max_length=COMMENT_LENGTH, blank=True)
    is_public = models.BooleanField(_("public"), default=True)
    hidden_at = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("hidden at")
    )
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("hidden by"),
    )
    hidden_reason = models.CharField(
        max_length=300, blank=True, editable=False, verbose_name=_("reason for hiding")
    )

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["mentor", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=5), name="reviews_review_1_to_5_stars"
            ),
            models.UniqueConstraint(
                fields=["session", "reviewer"], name="reviews_review_once_a_session"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def counts(self) -> bool:
        """Whether it is part of the mentor's public figures."""
        return self.is_public and self.hidden_at is None
