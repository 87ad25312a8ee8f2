"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.searches import views
from webapp.searches.api import PresetViewSet, SearchViewSet
from webapp.searches.trials_api import TrialViewSet

TRIALS = "searches/<int:search_id>/trials"

pages = [
    path("", views.home, name="home"),
    path("searches/new/", views.new_search, name="new_search"),
    path("searches/check/", views.check_form, name="search_check"),
    path("searches/demo/", views.launch_demo, name="launch_demo"),
    path("searches/<int:search_id>/", views.search_page, name="search"),
    path("searches/<int:search_id>/report/", views.search_report, name="search_report"),
    path("searches/<int:search_id>/grow/", views.grow_further, name="grow_further"),
    path("searches/<int:search_id>/<slug:action>/", views.act, name="search_action"),
    path("searches/<int:search_id>/trials/<int:number>/", views.trial_page, name="trial"),
]

router = SimpleRouter(use_regex_path=False)
router.register("presets", PresetViewSet, basename="api-preset")
router.register("searches", SearchViewSet, basename="api-search")
router.register(TRIALS, TrialViewSet, basename="api-trial")
endpoints = [
    path(f"{TRIALS}.csv", TrialViewSet.as_view({"get": "csv"}), name="api-trials-csv"),
    path(f"{TRIALS}.json", TrialViewSet.as_view({"get": "json"}), name="api-trials-json"),
    *router.urls,
]
