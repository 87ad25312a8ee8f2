"""Exports have no pages of their own: a checkpoint's page shows them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
