from django.urls import include, path

from bookings.views import absence, book, bookings, changes, dashboard

app_name = "bookings"
urlpatterns = [
    path("mentors/<slug:slug>/book/", book.book, name="book"),
    path("bookings/", bookings.listing, name="list"),
    path("bookings/<slug:code>/", bookings.detail, name="detail"),
    path("bookings/<slug:code>/cancel/", changes.cancel, name="cancel"),
    path("bookings/<slug:code>/reschedule/", changes.reschedule, name="reschedule"),
    path("bookings/<slug:code>/confirm/", changes.confirm, name="confirm"),
    path("bookings/<slug:code>/decline/", changes.decline, name="decline"),
    path("bookings/<slug:code>/absent/", absence.absent, name="absent"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("", include("bookings.availability_urls")),
    path("", include("bookings.group_urls")),
]
