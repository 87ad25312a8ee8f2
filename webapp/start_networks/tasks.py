"""Celery's shells. Ids only; what is done stands in the modules that they call.

`reading` imports torch, which must not happen in a worker's parent: so the task imports it.
"""

from celery import shared_task

from webapp.start_networks import lifecycle
from webapp.task_queue import TaskName


@shared_task(name=TaskName.PREPARE_START_NETWORK)
def prepare_start_network(network_id: int) -> None:
    from webapp.start_networks import reading

    reading.prepare(network_id)


@shared_task(name=TaskName.RECOVER_START_NETWORKS)
def recover_start_networks() -> None:
    lifecycle.leases_expired()
    lifecycle.messages_lost()
