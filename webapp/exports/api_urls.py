"""Addresses below /api/v1/."""

from django.urls import path

from webapp.exports import api

EXPORTS = "checkpoints/<int:checkpoint_id>/exports"
EXPORT = f"{EXPORTS}/<slug:kind>"

urlpatterns = [
    path(f"{EXPORTS}/", api.ExportsView.as_view(), name="api_exports"),
    path(f"{EXPORT}/", api.ExportView.as_view(), name="api_export"),
    path(f"{EXPORT}/cancel/", api.ExportCancelView.as_view(), name="api_export_cancel"),
    path(f"{EXPORT}/download/", api.ExportDownloadView.as_view(), name="api_export_download"),
]
