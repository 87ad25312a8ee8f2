from search_engine.spec.division import in_proportion
from search_engine.spec.search_config import DataConfig


def test_most_of_a_small_set_is_left_to_train_on() -> None:
    data = in_proportion(DataConfig(validation=300, calibration=100), 1040, 7)
    assert (data.validation, data.calibration) == (130, 41)
    assert 1040 - 208 - data.validation - data.calibration == 661  # with a fifth for test


def test_a_large_set_keeps_what_a_preset_says() -> None:
    data = DataConfig(validation=2000, calibration=500)
    assert in_proportion(data, 70_000, 10) == data


def test_each_class_is_measured_where_there_are_enough_images() -> None:
    assert in_proportion(DataConfig(), 100, 10).validation == 12
    assert in_proportion(DataConfig(), 60, 20).validation == 7
    assert in_proportion(DataConfig(), 6, 2).validation == 1
