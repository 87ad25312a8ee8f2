"""Addresses of the pages."""

from django.urls import path

from webapp.start_networks import views

NETWORK = "start-networks/<int:network_id>"

urlpatterns = [
    path("start-networks/", views.index, name="start_networks"),
    path(f"{NETWORK}/", views.detail, name="start_network"),
    path(f"{NETWORK}/progress/", views.progress, name="start_network_progress"),
    path(f"{NETWORK}/check/", views.check_sites, name="start_network_check"),
    path(f"{NETWORK}/sites/", views.choose_sites, name="start_network_sites"),
    path(f"{NETWORK}/delete/", views.delete, name="start_network_delete"),
]
