"""Addresses below /api/v1/."""

from django.urls import path

from webapp.checkpoints import api

CHECKPOINT = "checkpoints/<int:checkpoint_id>"

urlpatterns = [
    path("checkpoints/", api.CheckpointsView.as_view(), name="api_checkpoints"),
    path(f"{CHECKPOINT}/", api.CheckpointView.as_view(), name="api_checkpoint"),
    path(
        f"{CHECKPOINT}/download/",
        api.CheckpointDownloadView.as_view(),
        name="api_checkpoint_download",
    ),
]
