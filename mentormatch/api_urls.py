from django.urls import path

from mentormatch.api import api
from mentormatch.openapi import redoc

urlpatterns = [path("redoc", redoc, name="redoc"), path("", api.urls)]
