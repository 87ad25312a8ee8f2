"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.adopted import api, views

NETWORK = "start-networks/<int:network_id>"

pages = [
    path("start-networks/", views.index, name="adopted_networks"),
    path(f"{NETWORK}/", views.detail, name="adopted_network"),
    path(f"{NETWORK}/check/", views.check_sites, name="adopted_network_check"),
    path(f"{NETWORK}/sites/", views.choose_sites, name="adopted_network_sites"),
    path(f"{NETWORK}/cancel/", views.cancel, name="adopted_network_cancel"),
    path(f"{NETWORK}/delete/", views.delete, name="adopted_network_delete"),
]

router = SimpleRouter(use_regex_path=False)
router.register("start-networks", api.AdoptedNetworkViewSet, basename="api-adopted-network")
endpoints = router.urls
