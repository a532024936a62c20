"""Staff look at bookings and call them off, by the same verb as everyone."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.absence_models import Absence
from bookings.group_models import REASON_LENGTH, GroupSession, GroupSessionQuerySet
from bookings.models import Booking, CalendarEntry
from bookings.services import dismiss_absence, uphold_absence
from mentormatch import times
from mentormatch.auth import LoggedInRequest
from mentormatch.ui.staff import LookOnlyAdmin, LookOnlyInline
from mentormatch.ui.templatetags.mentormatch import money
from payments.admin.trail import trail_of_booking
from payments.services import call_off, call_off_group


class ReasonForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason (both sides read it)"), required=False, max_length=REASON_LENGTH
    )


class CalendarEntryInline(LookOnlyInline[CalendarEntry, Booking]):
    model = CalendarEntry
    fields = ("mentor", "kind", "starts_at", "ends_at", "is_live")


@admin.register(Booking)
class BookingAdmin(LookOnlyAdmin[Booking]):
    list_display = (
        "code",
        "mentor",
        "mentee",
        "starts_at",
        "session_type",
        "status",
        "shown_price",
        "cancellation_code",
    )
    list_filter = ("status", "session_type", "cancellation_code", "currency", "starts_at")
    list_select_related = ("mentor__user", "mentee")
    search_fields = (
        "code",
        "mentee__email",
        "mentee__full_name",
        "mentor__user__email",
        "mentor__user__full_name",
    )
    date_hierarchy = "starts_at"
    inlines = (CalendarEntryInline,)
    readonly_fields = ("money_trail",)
    actions = ("cancel",)
    action_form = ReasonForm

    @admin.display(description=_("price"), ordering="price_minor")
    def shown_price(self, booking: Booking) -> str:
        return money(booking.price_minor, booking.currency)

    @admin.display(description=_("The way of the money"))
    def money_trail(self, booking: Booking) -> str:
        return trail_of_booking(booking)

    @admin.action(
        description=_("Cancel, for the reason given: everything paid goes back"),
        permissions=["act"],
    )
    def cancel(self, request: LoggedInRequest, queryset: QuerySet[Booking]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Give a reason."), messages.ERROR)
            return

        def cancelled(booking: Booking) -> str:
            call_off(booking=booking, by=request.user, reason=reason)
            return _("Cancelled: %(why)s") % {"why": reason}

        self.each(request, queryset.select_related("mentor__user", "mentee"), cancelled)


class SeatInline(LookOnlyInline[Booking, GroupSession]):
    model = Booking
    fields = readonly_fields = ("code", "mentee", "status", "price_minor", "currency")
    verbose_name_plural = _("seats")


@admin.register(GroupSession)
class GroupSessionAdmin(LookOnlyAdmin[GroupSession]):
    list_display = ("title", "mentor", "starts_at", "status", "seats", "seats_taken", "shown_price")
    list_filter = ("status", "currency", "starts_at")
    list_select_related = ("mentor__user",)
    search_fields = ("code", "title", "mentor__user__email", "mentor__user__full_name")
    date_hierarchy = "starts_at"
    inlines = (SeatInline,)
    actions = ("cancel",)
    action_form = ReasonForm

    @admin.display(description=_("price of a seat"), ordering="price_minor")
    def shown_price(self, group: GroupSession) -> str:
        return money(group.price_minor, group.currency)

    @admin.action(
        description=_("Call off, for the reason given: every seat goes back"), permissions=["act"]
    )
    def cancel(self, request: LoggedInRequest, queryset: GroupSessionQuerySet) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Give a reason."), messages.ERROR)
            return

        def cancelled(group: GroupSession) -> str:
            call_off_group(group=group, by=request.user, reason=reason)
            return _("Cancelled: %(why)s") % {"why": reason}

        self.each(request, queryset.with_mentor(), cancelled)


class ToDecide(admin.SimpleListFilter):
    title = _("to decide about")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Absence]
    ) -> QuerySet[Absence] | None:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=Absence.objects.to_decide(times.now()).values("pk"))


@admin.register(Absence)
class AbsenceAdmin(LookOnlyAdmin[Absence]):
    """Who is said not to have come; the session's own page has the room's log."""

    list_display = (
        "code",
        "booking",
        "absent_side",
        "note",
        "objection",
        "object_until",
        "outcome",
        "created_at",
    )
    list_filter = (ToDecide, "outcome", "absent_side")
    list_select_related = ("booking",)
    search_fields = ("code", "booking__code", "booking__mentee__email")
    actions = ("uphold", "dismiss")
    action_form = ReasonForm

    @admin.action(
        description=_("So it was: an absent mentor's price goes back, else the mentor is paid"),
        permissions=["act"],
    )
    def uphold(self, request: LoggedInRequest, queryset: QuerySet[Absence]) -> None:
        self._decide(request, queryset, uphold_absence)

    @admin.action(
        description=_("It was not so: all goes on as if nothing was reported"), permissions=["act"]
    )
    def dismiss(self, request: LoggedInRequest, queryset: QuerySet[Absence]) -> None:
        self._decide(request, queryset, dismiss_absence)

    def _decide(
        self,
        request: LoggedInRequest,
        queryset: QuerySet[Absence],
        verb: Callable[..., Absence],
    ) -> None:
        reason = request.POST.get("reason", "")

        def decided(absence: Absence) -> str:
            made = verb(absence=absence, by=request.user, reason=reason)
            return f"{made.get_outcome_display()} {reason}".strip()

        self.each(
            request, queryset.select_related("booking__mentor__user", "booking__mentee"), decided
        )


@admin.register(CalendarEntry)
class CalendarEntryAdmin(LookOnlyAdmin[CalendarEntry]):
    list_display = (
        "mentor",
        "kind",
        "booking",
        "group_session",
        "starts_at",
        "ends_at",
        "is_live",
    )
    list_filter = ("kind", "is_live", "starts_at")
    list_select_related = ("mentor__user", "booking", "group_session")
    search_fields = ("booking__code", "mentor__user__full_name", "mentor__user__email")
    date_hierarchy = "starts_at"
