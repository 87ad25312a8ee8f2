"""Puts a body in front of the one that evaluates trials."""

from dataclasses import replace

from django.apps import AppConfig


class BrokenDevice(AppConfig):
    name = "tests.faults.broken_device"

    def ready(self) -> None:
        from webapp.searches.lifecycle import TRIAL
        from webapp.work import kinds

        kinds.register(replace(TRIAL, body="tests.faults.broken_device.body:evaluate"))
