from django.urls import path

from mentormatch.ui import views

urlpatterns = [path("", views.home, name="home")]
