"""Celery's shells. Ids only; what is done stands in the modules that they call."""

from celery import shared_task

from webapp.datasets import lifecycle, preparation
from webapp.task_queue import TaskName


@shared_task(name=TaskName.PREPARE_DATASET)
def prepare_dataset(dataset_id: int) -> None:
    preparation.prepare(dataset_id)


@shared_task(name=TaskName.RECOVER_DATASETS)
def recover_datasets() -> None:
    lifecycle.leases_expired()
    lifecycle.messages_lost()
