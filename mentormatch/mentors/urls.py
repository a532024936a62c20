from django.urls import path

from mentormatch.mentors import views

app_name = "mentors"
urlpatterns = [
    path("mentors/", views.mentor_list, name="list"),
    path("mentors/<slug:slug>/", views.mentor_detail, name="detail"),
    path("dashboard/profile/", views.edit, name="edit"),
    path("dashboard/profile/submit/", views.submit, name="submit"),
]
