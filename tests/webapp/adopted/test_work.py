"""Reading a user's own network keeps to what all work does."""

from typing import Any

import pytest

from tests.webapp.work.contract import WorkContract
from webapp.adopted.kinds import ADOPTION
from webapp.adopted.models import AdoptedNetwork
from webapp.work.kind import Kind


class TestAdoptedNetwork(WorkContract):
    @pytest.fixture
    def kind(self) -> Kind[Any]:
        return ADOPTION

    @pytest.fixture
    def row(self, resnet: AdoptedNetwork) -> AdoptedNetwork:
        return resnet
