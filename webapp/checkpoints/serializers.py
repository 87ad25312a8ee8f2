"""What the API and the page read of a query."""

from rest_framework import serializers

from webapp.checkpoints.models import Origin
from webapp.checkpoints.selectors import ORDERS


class CheckpointFilterSerializer(serializers.Serializer[None]):
    """How a list of checkpoints is filtered and ordered."""

    name = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="Part of its name, of its search's name, or of its notation.",
    )
    origin = serializers.ChoiceField(choices=Origin.choices, required=False, allow_blank=True)
    dataset = serializers.CharField(
        required=False, allow_blank=True, help_text="A data set's name in settings."
    )
    search = serializers.IntegerField(required=False, help_text="Of this search only.")
    can_start = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whether a search can start from it.",
    )
    min_accuracy = serializers.FloatField(required=False, min_value=0, max_value=1)
    max_parameters = serializers.FloatField(required=False)
    max_latency_1 = serializers.FloatField(required=False, help_text="seconds for one image")
    max_latency_64 = serializers.FloatField(required=False, help_text="seconds for 64 images")
    max_memory = serializers.FloatField(required=False, help_text="bytes")
    measured_on = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="The device that measured, whose seconds are not those of another.",
    )
    order = serializers.ChoiceField(choices=list(ORDERS), required=False, default="-created_at")
