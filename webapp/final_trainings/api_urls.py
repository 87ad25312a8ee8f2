"""Addresses of the API."""

from django.urls import path

from webapp.final_trainings import api

ONE = "final-trainings/<int:training_id>"

urlpatterns = [
    path("final-trainings/", api.FinalTrainingsView.as_view(), name="api_final_trainings"),
    path(f"{ONE}/", api.FinalTrainingView.as_view(), name="api_final_training"),
    path(f"{ONE}/live/", api.FinalTrainingLiveView.as_view(), name="api_final_training_live"),
    path(f"{ONE}/pause/", api.PauseFinalTrainingView.as_view(), name="api_final_training_pause"),
    path(f"{ONE}/resume/", api.ResumeFinalTrainingView.as_view(), name="api_final_training_resume"),
    path(f"{ONE}/cancel/", api.CancelFinalTrainingView.as_view(), name="api_final_training_cancel"),
]
