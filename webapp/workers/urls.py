"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.workers import api, views

pages = [path("workers/", views.index, name="workers")]

router = SimpleRouter()
router.register("workers", api.WorkerViewSet, basename="api-worker")
endpoints = router.urls
