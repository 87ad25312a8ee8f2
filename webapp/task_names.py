"""Names of all tasks, and the queue that each takes."""

from enum import StrEnum


class TaskName(StrEnum):
    """What a message may ask for. Its arguments are ids."""

    ADVANCE_SEARCH = "searches.advance_search"
    TRAIN_START_NETWORK = "searches.train_start_network"
    EVALUATE_TRIAL = "searches.evaluate_trial"
    RECOVER = "searches.recover"
    TRAIN_FINAL = "final_trainings.train_final"
    RECOVER_FINAL_TRAININGS = "final_trainings.recover"
    BUILD_EXPORT = "exports.build_export"
    MEASURE_CHECKPOINT = "exports.measure_checkpoint"
    RECOVER_EXPORTS = "exports.recover"
    PREPARE_START_NETWORK = "start_networks.prepare_start_network"
    RECOVER_START_NETWORKS = "start_networks.recover"
    PREPARE_DATASET = "datasets.prepare_dataset"
    RECOVER_DATASETS = "datasets.recover"


ROUTES = {
    TaskName.ADVANCE_SEARCH: "cpu",
    TaskName.TRAIN_START_NETWORK: "gpu",
    TaskName.EVALUATE_TRIAL: "gpu",
    TaskName.RECOVER: "cpu",
    TaskName.TRAIN_FINAL: "gpu",
    TaskName.RECOVER_FINAL_TRAININGS: "cpu",
    TaskName.BUILD_EXPORT: "gpu",
    TaskName.MEASURE_CHECKPOINT: "gpu",
    TaskName.RECOVER_EXPORTS: "cpu",
    TaskName.PREPARE_START_NETWORK: "cpu",
    TaskName.RECOVER_START_NETWORKS: "cpu",
    TaskName.PREPARE_DATASET: "cpu",
    TaskName.RECOVER_DATASETS: "cpu",
}
