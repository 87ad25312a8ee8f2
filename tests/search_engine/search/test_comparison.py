"""Winner, control and start network on the test images, held against `evaluate`."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from search_engine.data import SplitDataset, load_dataset
from search_engine.networks import Network, build_network
from search_engine.search.comparison import PICTURES, Entrant, _webp, compare
from search_engine.spec import Architecture, DenseNetConfig, ImageShape
from search_engine.spec.errors import DatasetError, TrainingStopped
from search_engine.spec.search_config import DataConfig
from search_engine.training.metrics import evaluate, predict
from tests.growing import look_trained, small_skeleton

IMAGE = ImageShape(1, 8, 8)
DATA = DataConfig(name="digits", validation=200, calibration=64, train_limit=600)


def network(seed: int, growth: int = 8) -> Network:
    """A small network that guesses; each seed guesses otherwise."""
    skeleton = DenseNetConfig(blocks=1, growth=growth, groups=2, image=IMAGE)
    return look_trained(build_network(Architecture.start(skeleton), seed=seed), seed).eval()


@pytest.fixture(scope="module")
def data() -> SplitDataset:
    """The digits."""
    return SplitDataset(load_dataset("digits"), DATA, seed=0)


def test_everybody_is_measured_as_evaluate_measures(data: SplitDataset) -> None:
    start, control, winner = network(1), network(2), network(3, growth=12)
    told: list[str] = []
    found = compare(
        start,
        Entrant(control, 8),
        Entrant(winner, 5),
        data,
        tell=lambda _, name: told.append(name),
    )
    assert told == ["Start network", "Winner", "Control"]
    assert found.control is not None
    sides = ((start, found.start, 0), (control, found.control, 8), (winner, found.winner, 5))
    for measured, contender, number in sides:
        expected = evaluate(measured, data.test())
        assert contender.accuracy == expected.accuracy
        assert list(contender.recalls) == expected.per_class_accuracy
        assert contender.images == expected.images == len(data.splits.test)
        assert contender.trial == number
        assert contender.parameters == measured.architecture.cost.parameters
        assert contender.latency_1 is contender.latency_64 is None
    assert found.gain is not None
    assert found.gain.difference == pytest.approx(found.winner.accuracy - found.control.accuracy)
    over_start = found.winner.accuracy - found.start.accuracy
    assert found.gain_over_start.difference == pytest.approx(over_start)
    assert sum(found.class_images) == found.winner.images


def test_the_images_that_changed_sides_are_those_that_they_tell_otherwise(
    data: SplitDataset,
) -> None:
    start, winner = network(1), network(3)
    gain = compare(start, None, Entrant(winner, 1), data).gain_over_start
    assert gain.improved.count > 0
    for changed, expected in ((gain.improved, (False, True)), (gain.worsened, (True, False))):
        for index in changed.indexes[:5]:
            place = data.splits.test[index : index + 1]
            one = replace_test(data, place).test()
            seen = tuple(evaluate(side, one).accuracy == 1 for side in (start, winner))
            assert seen == expected


def test_of_images_that_changed_sides_there_are_pictures(data: SplitDataset) -> None:
    start, control, winner = network(1), network(2), network(3)
    found = compare(start, Entrant(control, 2), Entrant(winner, 1), data)
    assert found.gain is not None
    sides = [predict(side, data.test())[0] for side in (winner, control)]
    for changed in (found.gain.improved, found.gain.worsened):
        assert len(changed.pictures) == min(PICTURES, changed.count) > 0
        for picture in changed.pictures:
            place = data.splits.test[picture.index]
            assert picture.index in changed.indexes
            assert picture.label == data.dataset.labels[place]
            assert [picture.winner, picture.other] == [int(s[picture.index]) for s in sides]
            shown = Image.open(io.BytesIO(base64.b64decode(picture.webp)))
            assert shown.size == (8, 8)
            grey = torch.from_numpy(np.array(shown.convert("L"))).float()
            assert (grey - data.dataset.images[place][0]).abs().mean() < 12  # of 255, lossy
    assert found.gain_over_start.improved.pictures == ()
    without = compare(start, None, Entrant(winner, 1), data)
    assert without.gain_over_start.improved.pictures


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_small_in_grey_and_in_colours(channels: int) -> None:
    gradient = torch.linspace(0, 255, 224).repeat(channels, 160, 1).to(torch.uint8)
    text = _webp(gradient)
    shown = Image.open(io.BytesIO(base64.b64decode(text)))
    assert shown.size == (64, 46)
    assert len(text) < 4_000


def replace_test(data: SplitDataset, test: torch.Tensor) -> SplitDataset:
    """The data with other test images."""
    other = SplitDataset(data.dataset, DATA, seed=0)
    other.splits = replace(data.splits, test=test)
    return other


def test_without_a_control_there_is_no_gain_over_it(data: SplitDataset) -> None:
    found = compare(network(1), None, Entrant(network(3), 1), data)
    assert (found.control, found.gain) == (None, None)


def test_the_test_images_alone_are_read(
    data: SplitDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    gather = data.images.gather

    def recording(indexes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        read.extend(indexes.tolist())
        return gather(indexes)

    monkeypatch.setattr(data.images, "gather", recording)
    compare(network(1), Entrant(network(2), 2), Entrant(network(3), 1), data)
    assert read == 3 * data.splits.test.tolist()


def test_latency_is_measured_where_it_is_asked_for(data: SplitDataset) -> None:
    found = compare(network(1), None, Entrant(network(3), 1), data, measure_latency=True)
    for contender in (found.start, found.winner):
        assert contender.latency_1 and contender.latency_64
        assert 0 < contender.latency_1 < contender.latency_64


def test_measuring_can_be_stopped(data: SplitDataset) -> None:
    with pytest.raises(TrainingStopped):
        compare(
            network(1),
            None,
            Entrant(network(3), 1),
            data,
            measure_latency=True,
            should_stop=lambda: True,
        )


def test_a_condensenet_is_measured_in_its_converted_form(data: SplitDataset) -> None:
    built = build_network(Architecture.start(small_skeleton("condensenet")), seed=1)
    condense = look_trained(built, 1).eval()
    found = compare(network(1), None, Entrant(condense, 1), data)
    assert found.winner.parameters == condense.architecture.cost.parameters


def test_without_test_images_nothing_can_be_compared(data: SplitDataset) -> None:
    empty = replace_test(data, torch.tensor([], dtype=torch.int64))
    with pytest.raises(DatasetError, match="expected test images"):
        compare(network(1), None, Entrant(network(3), 1), empty)
