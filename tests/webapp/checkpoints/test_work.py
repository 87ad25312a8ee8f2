"""Exports and measurements keep to what all work does."""

from typing import Any

import pytest

from tests.webapp.work.contract import WorkContract
from webapp.checkpoints.kinds import EXPORT, MEASUREMENT
from webapp.checkpoints.models import Export, Measurement
from webapp.work.kind import Kind


class TestExport(WorkContract):
    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return EXPORT

    @pytest.fixture
    def row(self, export: Export) -> Export:
        return export


class TestMeasurement(WorkContract):
    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return MEASUREMENT

    @pytest.fixture
    def row(self, measurement: Measurement) -> Measurement:
        return measurement
