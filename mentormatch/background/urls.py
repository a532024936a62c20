from django.urls import path

from mentormatch.background import views

app_name = "background"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
