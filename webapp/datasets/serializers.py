"""Data sets as JSON."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from webapp.datasets.limits import RESIZE_PIXELS
from webapp.datasets.models import Dataset
from webapp.state import State


class FlawSerializer(serializers.Serializer[Any]):
    """A fault of the images that does not forbid training."""

    code = serializers.CharField()
    message = serializers.CharField()


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A data set. `state` is null where a published one is not on this server."""

    state = serializers.SerializerMethodField()
    owner = serializers.CharField(
        source="owner.username", default=None, read_only=True, allow_null=True
    )
    built_in = serializers.BooleanField(source="is_built_in", read_only=True)
    warnings = FlawSerializer(many=True, read_only=True)
    class_names = serializers.ListField(child=serializers.CharField(), read_only=True)
    class_counts = serializers.ListField(child=serializers.IntegerField(), read_only=True)

    class Meta:
        """All of it is read only: only the tasks write it."""

        model = Dataset
        fields = (
            "id",
            "name",
            "engine_name",
            "owner",
            "built_in",
            "state",
            "progress",
            "progress_note",
            "failure",
            "warnings",
            "on_disk",
            "downloadable",
            "image_channels",
            "image_height",
            "image_width",
            "image_count",
            "test_count",
            "classes",
            "class_names",
            "class_counts",
            "size_bytes",
            "file_name",
            "sha256",
            "resize_pixels",
            "licence",
            "source",
            "created_at",
            "prepared_at",
        )
        read_only_fields = fields

    def get_state(self, dataset: Dataset) -> str | None:
        return dataset.state or None


class UploadSerializer(serializers.Serializer[Any]):
    """A zip of images in class folders."""

    file = serializers.FileField()
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    resize_pixels = serializers.ChoiceField(
        choices=RESIZE_PIXELS, required=False, allow_null=True, help_text="Side in pixels."
    )
    licence = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a field may be called so
        max_length=500, required=False, allow_blank=True
    )


class PrepareSerializer(serializers.Serializer[Any]):
    """What may change before another attempt."""

    resize_pixels = serializers.ChoiceField(choices=RESIZE_PIXELS, required=False, allow_null=True)


class SamplesSerializer(serializers.Serializer[Any]):
    """Where the sample pictures of a class are."""

    index = serializers.IntegerField()
    name = serializers.CharField()
    count = serializers.IntegerField()
    url = serializers.CharField()

    @staticmethod
    def url_of(dataset: Dataset, class_index: int) -> str:
        return reverse("api_dataset_samples_png", args=[dataset.pk, class_index])


class DatasetFilter(serializers.Serializer[Any]):
    """What a list may be filtered by."""

    state = serializers.ChoiceField(choices=State.choices, required=False)
    built_in = serializers.BooleanField(required=False, allow_null=True, default=None)
    name = serializers.CharField(required=False, help_text="Part of the name.")
