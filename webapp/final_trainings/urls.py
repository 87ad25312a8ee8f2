"""Addresses of the pages."""

from django.urls import path

from webapp.final_trainings import views

FINAL = "searches/<int:search_id>/trials/<int:number>/final"

urlpatterns = [
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
