"""Addresses below /api/v1/."""

from django.urls import path

from webapp.start_networks import api

NETWORK = "start-networks/<int:network_id>"

urlpatterns = [
    path("start-networks/", api.StartNetworksView.as_view(), name="api_start_networks"),
    path(f"{NETWORK}/", api.StartNetworkView.as_view(), name="api_start_network"),
    path(f"{NETWORK}/sites/", api.StartNetworkSitesView.as_view(), name="api_start_network_sites"),
]
