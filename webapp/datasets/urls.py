"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.datasets import api, views

pages = [
    path("datasets/", views.index, name="datasets"),
    path("datasets/upload/", views.upload, name="dataset_upload"),
    path("datasets/<int:dataset_id>/", views.detail, name="dataset"),
    path("datasets/<int:dataset_id>/delete/", views.delete, name="dataset_delete"),
    path("datasets/<int:dataset_id>/download/", views.download, name="dataset_download"),
    path("datasets/<int:dataset_id>/cancel/", views.cancel, name="dataset_cancel"),
    path("datasets/<int:dataset_id>/prepare/", views.prepare, name="dataset_prepare"),
    path("datasets/<int:dataset_id>/answers/", views.answer, name="dataset_answers"),
    path("datasets/<int:dataset_id>/survey/<slug:name>.png", views.survey, name="dataset_survey"),
    path("datasets/<int:dataset_id>/thumbnail.png", views.thumbnail, name="dataset_thumbnail"),
    path(
        "datasets/<int:dataset_id>/samples/<int:class_index>.png",
        views.samples,
        name="dataset_samples",
    ),
]

router = SimpleRouter(use_regex_path=False)
router.register("datasets", api.DatasetViewSet, basename="api-dataset")
endpoints = [
    *router.urls,
    path(
        "datasets/<int:dataset_id>/samples/<int:class_index>.png",
        api.DatasetViewSet.as_view({"get": "picture"}),
        name="api-dataset-samples-png",
    ),
]
