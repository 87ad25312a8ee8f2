"""Addresses below /api/v1/."""

from django.urls import path

from webapp.exports import api

CHECKPOINT = "checkpoints/<int:checkpoint_id>"
EXPORTS = f"{CHECKPOINT}/exports"
EXPORT = f"{EXPORTS}/<slug:kind>"

urlpatterns = [
    path(f"{EXPORTS}/", api.ExportsView.as_view(), name="api_exports"),
    path(f"{EXPORTS}/datasets/", api.ExportDatasetsView.as_view(), name="api_export_datasets"),
    path(f"{EXPORT}/", api.ExportView.as_view(), name="api_export"),
    path(f"{EXPORT}/cancel/", api.ExportCancelView.as_view(), name="api_export_cancel"),
    path(f"{EXPORT}/download/", api.ExportDownloadView.as_view(), name="api_export_download"),
    path(f"{CHECKPOINT}/measurement/", api.MeasurementView.as_view(), name="api_measurement"),
]
