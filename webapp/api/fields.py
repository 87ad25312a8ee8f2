"""Fields of serializers that take what a database can hold."""

import math
from typing import Any

from rest_framework import serializers

from search_engine.spec.documents import MAX_INTEGER


class WholeField(serializers.IntegerField):
    """A whole number of at most 64 bits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": -MAX_INTEGER, "max_value": MAX_INTEGER, **options})


class NumberField(serializers.FloatField):
    """A finite number."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value
