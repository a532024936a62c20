from django.urls import path

from mentormatch.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.log_in, name="login"),
    path("clock/", views.move_clock, name="clock"),
    path("mail/", views.mail_list, name="mail"),
    path("mail/<slug:code>/", views.mail_detail, name="mail_detail"),
    path("mail/<slug:code>/html/", views.mail_html, name="mail_html"),
]
