from django.urls import path

from webapp.workers import views

urlpatterns = [path("workers/", views.index, name="workers")]
