"""What the API reads. What it writes is described by the TypedDicts in `json`."""

from rest_framework import serializers

from search_engine.spec.presets import PRESETS
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.trial import Role
from webapp.api.fields import NumberField, WholeField
from webapp.api.schemas import ConfigField
from webapp.searches.json.trials import NUMBERS
from webapp.searches.plans import MOST_MINUTES, USUAL_MINUTES
from webapp.state import State


class CheckSerializer(serializers.Serializer[None]):
    """A config to judge without launching it: what would launch it may be sent as it is."""

    name = serializers.CharField(required=False, max_length=120)
    preset = serializers.ChoiceField(
        choices=list(PRESETS), required=False, default="", allow_blank=True
    )
    config = ConfigField(SearchConfig)
    parent = WholeField(  # type: ignore[assignment]  # a field, not whose it is
        required=False, allow_null=True, default=None
    )
    start_checkpoint = WholeField(required=False, allow_null=True, default=None)


class LaunchSerializer(CheckSerializer):
    """A search to launch: a preset, a search to clone or the one that a checkpoint is from, with
    changes laid over its config."""

    name = serializers.CharField(max_length=120)


class PlanSerializer(serializers.Serializer[None]):
    """The data set and the time that a plan is wanted for."""

    dataset = serializers.CharField(max_length=100, help_text="A data set's name in settings.")
    minutes = serializers.IntegerField(
        required=False,
        default=USUAL_MINUTES,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text="The time at hand.",
    )


class ChangeSerializer(serializers.Serializer[None]):
    """What may be changed of a search at any time; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False)


class ExtendSerializer(serializers.Serializer[None]):
    """A larger budget."""

    max_trials = WholeField(min_value=1, max_value=1_000_000)


class ShareSerializer(serializers.Serializer[None]):
    """A user who may look at a search."""

    username = serializers.CharField(max_length=150)


class TrialFilterSerializer(serializers.Serializer[None]):
    """How a list of trials is filtered and ordered."""

    ORDERS = ("number", *NUMBERS)

    state = serializers.ChoiceField(choices=State.choices, required=False, allow_blank=True)
    pinned = serializers.BooleanField(required=False, allow_null=True, default=None)
    kept = serializers.BooleanField(required=False, allow_null=True, default=None)
    role = serializers.ChoiceField(
        choices=[role.value for role in Role], required=False, allow_blank=True
    )
    parent = WholeField(  # type: ignore[assignment]  # a field, not whose it is
        required=False,
        min_value=0,
        help_text="the trial that it grows from; 0: the start network",
    )
    move = serializers.CharField(required=False, help_text="rest, path, widen or deepen")
    notation = serializers.CharField(required=False, help_text="Part of the notation.")
    min_accuracy = NumberField(required=False)
    min_balanced_accuracy = NumberField(required=False)
    max_parameters = NumberField(required=False)
    max_multiply_adds = NumberField(required=False)
    max_latency_1 = NumberField(required=False, help_text="seconds for one image")
    max_latency_64 = NumberField(required=False, help_text="seconds for 64 images")
    max_memory = NumberField(required=False, help_text="bytes")
    order = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in ORDERS for sign in ("", "-")],
        required=False,
        default="number",
    )
