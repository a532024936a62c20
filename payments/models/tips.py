"""Thanks in money: after a session, on top of its price."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookings.models import Booking
from mentormatch.accounts.models import User
from mentormatch.db import PublicIdField, TimestampedModel
from mentormatch.mentors.models import MentorProfile


class TipQuerySet(models.QuerySet["Tip"]):
    def for_user(self, user: User) -> Self:
        """Those that this person gave, or was given as a mentor."""
        return self.filter(Q(mentee=user) | Q(mentor__user=user))


class Tip(TimestampedModel):
    """What a mentee gives after a session. How its payment stands is its charge's status."""

    MESSAGE_LENGTH = 500

    code = PublicIdField()
    # The mentee's own booking of that session: sessions are a layer above.
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="tips")
    mentor = models.ForeignKey(MentorProfile, on_delete=models.PROTECT, related_name="tips")
    mentee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tips"
    )
    amount_minor = models.PositiveIntegerField(_("amount"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    message = models.CharField(_("message"), max_length=MESSAGE_LENGTH, blank=True)

    objects: ClassVar[TipQuerySet] = TipQuerySet.as_manager()  # type: ignore[assignment]  # the stubs know no such thing

    class Meta:
        verbose_name = _("tip")
        verbose_name_plural = _("tips")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["booking", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_tip_is_of_something"
            ),
        ]

    def __str__(self) -> str:
        return self.code
