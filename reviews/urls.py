from django.urls import path

from reviews import views

app_name = "reviews"
urlpatterns = [
    path("sessions/<slug:code>/review/", views.write, name="write"),
    path("sessions/<slug:code>/review/delete/", views.delete, name="delete"),
]
