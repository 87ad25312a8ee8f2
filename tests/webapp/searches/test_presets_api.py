"""Presets over the API."""

from typing import Any

from django.test import Client


def test_a_preset_can_be_launched_as_it_is_listed(alice_client: Client, digits: Any) -> None:
    presets = {one["name"]: one["config"] for one in alice_client.get("/api/v1/presets/").json()}
    body = {"name": "A", "config": presets["digits-demo"]}
    answer = alice_client.post("/api/v1/searches/", body, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["max_trials"] == 24
