"""Addresses of the pages."""

from django.urls import path

from webapp.datasets import views

urlpatterns = [
    path("datasets/", views.index, name="datasets"),
    path("datasets/upload/", views.upload, name="dataset_upload"),
    path("datasets/<int:dataset_id>/", views.detail, name="dataset"),
    path("datasets/<int:dataset_id>/progress/", views.progress, name="dataset_progress"),
    path("datasets/<int:dataset_id>/delete/", views.delete, name="dataset_delete"),
    path("datasets/<int:dataset_id>/download/", views.download, name="dataset_download"),
    path("datasets/<int:dataset_id>/prepare/", views.prepare, name="dataset_prepare"),
    path("datasets/<int:dataset_id>/thumbnail.png", views.thumbnail, name="dataset_thumbnail"),
    path(
        "datasets/<int:dataset_id>/samples/<int:class_index>.png",
        views.samples,
        name="dataset_samples",
    ),
]
