from django.urls import path

from sessions_app import views

app_name = "sessions"
urlpatterns = [
    path("sessions/<str:code>/", views.show, name="room"),
    path("sessions/<str:code>/people/", views.people, name="people"),
    path("sessions/<str:code>/start/", views.start, name="start"),
    path("sessions/<str:code>/leave/", views.leave, name="leave"),
    path("sessions/<str:code>/end/", views.end, name="end"),
]
