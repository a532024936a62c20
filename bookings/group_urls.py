"""Part of the `bookings` names: `bookings/urls.py` includes it at the top."""

from django.urls import path

from bookings.views import group_dashboard as own
from bookings.views import groups

urlpatterns = [
    path("group-sessions/", groups.listing, name="group_list"),
    path("group-sessions/<slug:code>/", groups.detail, name="group"),
    path("group-sessions/<slug:code>/book/", groups.book, name="group_book"),
    path("dashboard/group-sessions/", own.listing, name="group_dashboard"),
    path("dashboard/group-sessions/<slug:code>/", own.edit, name="group_edit"),
    path("dashboard/group-sessions/<slug:code>/cancel/", own.cancel, name="group_cancel"),
]
