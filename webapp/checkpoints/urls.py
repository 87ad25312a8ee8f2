"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.checkpoints import api, views

pages = [
    path("checkpoints/", views.index, name="checkpoints"),
    path("checkpoints/<int:checkpoint_id>/", views.detail, name="checkpoint"),
    path("checkpoints/<int:checkpoint_id>/delete/", views.delete, name="checkpoint_delete"),
]

router = SimpleRouter(use_regex_path=False)
router.register("checkpoints", api.CheckpointViewSet, basename="api-checkpoint")
router.register("checkpoints/<int:checkpoint_id>/exports", api.ExportViewSet, basename="api-export")
endpoints = router.urls
