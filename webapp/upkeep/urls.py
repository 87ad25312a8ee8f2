"""Addresses of the pages."""

from django.urls import path

from webapp.upkeep import views

pages = [
    path("system/", views.system, name="system"),
    path("metrics", views.metrics, name="metrics"),
]
