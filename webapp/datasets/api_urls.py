"""Addresses below /api/v1/."""

from django.urls import path

from webapp.datasets import api

urlpatterns = [
    path("datasets/", api.DatasetList.as_view(), name="api_datasets"),
    path("datasets/<int:dataset_id>/", api.DatasetDetail.as_view(), name="api_dataset"),
    path(
        "datasets/<int:dataset_id>/download/",
        api.DatasetDownload.as_view(),
        name="api_dataset_download",
    ),
    path(
        "datasets/<int:dataset_id>/prepare/",
        api.DatasetPrepare.as_view(),
        name="api_dataset_prepare",
    ),
    path(
        "datasets/<int:dataset_id>/samples/",
        api.DatasetSamples.as_view(),
        name="api_dataset_samples",
    ),
    path(
        "datasets/<int:dataset_id>/samples/<int:class_index>.png",
        api.DatasetSamplesPicture.as_view(),
        name="api_dataset_samples_png",
    ),
]
