"""What the API reads. What it writes is described by the TypedDicts of `live`."""

from rest_framework import serializers

from webapp.final_trainings.documents import Compare
from webapp.state import State


class FinalLaunchSerializer(serializers.Serializer[None]):
    """A final training to launch: a preset, with changes laid over its config."""

    search = serializers.IntegerField(min_value=1)
    trial = serializers.IntegerField(min_value=1, help_text="Its number in the search.")
    name = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    preset = serializers.CharField(required=False, default="", allow_blank=True)
    config = serializers.DictField(required=False, default=dict)
    compare = serializers.ChoiceField(
        choices=[(choice.value, choice.value) for choice in Compare],
        required=False,
        default=Compare.NONE.value,
        help_text="Also train the search's start network with the same recipe.",
    )


class FinalChangeSerializer(serializers.Serializer[None]):
    """What may be changed of a final training at any time; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)


class FinalFilterSerializer(serializers.Serializer[None]):
    """Which final trainings are listed."""

    search = serializers.IntegerField(required=False, min_value=1)
    state = serializers.ChoiceField(choices=State.choices, required=False)
