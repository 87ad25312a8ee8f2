"""What the API reads. What it writes is described by the TypedDicts of `live`."""

from rest_framework import serializers

from webapp.searches.trial_json import NUMBERS
from webapp.state import State


class LaunchSerializer(serializers.Serializer[None]):
    """A search to launch: a preset, or a search to clone, with changes laid over its config."""

    name = serializers.CharField(max_length=120)
    preset = serializers.CharField(required=False, default="", allow_blank=True)
    config = serializers.DictField(required=False, default=dict)
    parent = serializers.IntegerField(  # type: ignore[assignment]  # a field, not whose it is
        required=False, allow_null=True, default=None
    )
    start_checkpoint = serializers.IntegerField(required=False, allow_null=True, default=None)


class CheckSerializer(serializers.Serializer[None]):
    """A config to judge without launching it."""

    preset = serializers.CharField(required=False, default="", allow_blank=True)
    config = serializers.DictField(required=False, default=dict)
    parent = serializers.IntegerField(  # type: ignore[assignment]  # a field, not whose it is
        required=False, allow_null=True, default=None
    )


class ChangeSerializer(serializers.Serializer[None]):
    """What may be changed of a search at any time; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False)


class ExtendSerializer(serializers.Serializer[None]):
    """A larger budget."""

    max_trials = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ShareSerializer(serializers.Serializer[None]):
    """A user who may look at a search."""

    username = serializers.CharField(max_length=150)


class TrialFilterSerializer(serializers.Serializer[None]):
    """How a list of trials is filtered and ordered."""

    ORDERS = ("number", *NUMBERS)

    state = serializers.ChoiceField(choices=State.choices, required=False)
    pinned = serializers.BooleanField(required=False, allow_null=True, default=None)
    kept = serializers.BooleanField(required=False, allow_null=True, default=None)
    notation = serializers.CharField(required=False, help_text="Part of the notation.")
    min_accuracy = serializers.FloatField(required=False)
    max_parameters = serializers.FloatField(required=False)
    max_multiply_adds = serializers.FloatField(required=False)
    max_latency_1 = serializers.FloatField(required=False, help_text="seconds for one image")
    max_latency_64 = serializers.FloatField(required=False, help_text="seconds for 64 images")
    max_memory = serializers.FloatField(required=False, help_text="bytes")
    order = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in ORDERS for sign in ("", "-")],
        required=False,
        default="number",
    )


class EventsSerializer(serializers.Serializer[None]):
    """From where events are read on."""

    after = serializers.IntegerField(required=False, default=0, min_value=0)
    limit = serializers.IntegerField(required=False, default=500, min_value=1, max_value=5000)
