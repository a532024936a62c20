from django.urls import path

from sessions_app import views

app_name = "sessions"
urlpatterns = [
    path("sessions/<slug:code>/", views.show, name="room"),
    path("sessions/<slug:code>/people/", views.people, name="people"),
    path("sessions/<slug:code>/start/", views.start, name="start"),
    path("sessions/<slug:code>/leave/", views.leave, name="leave"),
    path("sessions/<slug:code>/end/", views.end, name="end"),
]
