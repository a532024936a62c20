"""Sessions for staff: to look at, with the evidence of who came."""

from django.contrib import admin

from mentormatch.ui.staff import LookOnlyAdmin, LookOnlyInline
from sessions_app.models import Presence, Seat, Session


class SeatInline(LookOnlyInline[Seat, Session]):
    model = Seat


class PresenceInline(LookOnlyInline[Presence, Session]):
    model = Presence


@admin.register(Session)
class SessionAdmin(LookOnlyAdmin[Session]):
    list_display = ("code", "mentor", "starts_at", "status", "started_at", "ended_at")
    list_filter = ("status", "starts_at")
    list_select_related = ("mentor__user",)
    search_fields = ("code", "mentor__user__email", "seats__booking__mentee__email")
    date_hierarchy = "starts_at"
    inlines = (SeatInline, PresenceInline)
