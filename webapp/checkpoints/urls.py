"""Addresses of the pages."""

from django.urls import path

from webapp.checkpoints import views

urlpatterns = [
    path("checkpoints/", views.index, name="checkpoints"),
    path("checkpoints/<int:checkpoint_id>/", views.detail, name="checkpoint"),
    path("checkpoints/<int:checkpoint_id>/delete/", views.delete, name="checkpoint_delete"),
]
