from django.urls import path

from mentormatch.api import api

urlpatterns = [path("", api.urls)]
