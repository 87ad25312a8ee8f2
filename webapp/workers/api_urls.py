from django.urls import path

from webapp.workers import api

urlpatterns = [
    path("workers/", api.WorkersView.as_view(), name="api_workers"),
    path("searches/<int:search_id>/waiting/", api.WaitingView.as_view(), name="api_search_waiting"),
]
