from django.urls import path

from mentormatch.legal import views
from mentormatch.legal.models import LegalPage

app_name = "legal"
urlpatterns = [
    path(f"{slug}/", views.page, {"slug": slug}, name=slug) for slug in LegalPage.Slug.values
]
