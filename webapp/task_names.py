"""Names of all tasks, and the queue that each takes."""

from enum import StrEnum


class TaskName(StrEnum):
    """What a message may ask for. Its arguments are ids."""

    ADVANCE_SEARCH = "searches.advance_search"
    TRAIN_START_NETWORK = "searches.train_start_network"
    EVALUATE_TRIAL = "searches.evaluate_trial"
    RECOVER = "searches.recover"
    PREPARE_DATASET = "datasets.prepare_dataset"
    RECOVER_DATASETS = "datasets.recover"


ROUTES = {
    TaskName.ADVANCE_SEARCH: "cpu",
    TaskName.TRAIN_START_NETWORK: "gpu",
    TaskName.EVALUATE_TRIAL: "gpu",
    TaskName.RECOVER: "cpu",
    TaskName.PREPARE_DATASET: "cpu",
    TaskName.RECOVER_DATASETS: "cpu",
}
