from django.urls import path

from reviews import views

app_name = "reviews"
urlpatterns = [
    path("sessions/<str:code>/review/", views.write, name="write"),
    path("sessions/<str:code>/review/delete/", views.delete, name="delete"),
]
