"""Addresses of the pages, and of endpoints below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from webapp.trainings import api, views

FINAL = "searches/<int:search_id>/trials/<int:number>/final"

pages = [
    path("final-trainings/", views.trainings, name="final_trainings"),
    path("final-trainings/<int:training_id>/", views.training_page, name="final_training"),
    path(
        "final-trainings/<int:training_id>/<slug:action>/",
        views.act,
        name="final_training_action",
    ),
    path(f"{FINAL}/new/", views.new_training, name="new_final_training"),
    path(f"{FINAL}/check/", views.check_form, name="check_final_training"),
]

router = SimpleRouter(use_regex_path=False)
router.register("final-trainings", api.TrainingViewSet, basename="api-training")
endpoints = router.urls
