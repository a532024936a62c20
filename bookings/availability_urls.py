"""Part of the `bookings` names: `bookings/urls.py` includes it at the top."""

from django.urls import path

from bookings.views import availability as views

urlpatterns = [
    path("dashboard/availability/", views.availability, name="availability"),
    path(
        "dashboard/availability/<int:window_id>/remove/", views.remove, name="availability_remove"
    ),
    path("dashboard/availability/rules/", views.rules, name="rules"),
    path("dashboard/availability/time-off/", views.time_off, name="time_off"),
    path(
        "dashboard/availability/time-off/<int:time_off_id>/remove/",
        views.remove_time_off,
        name="time_off_remove",
    ),
]
