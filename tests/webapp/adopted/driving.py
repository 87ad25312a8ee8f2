"""What a worker does with an adopted network, here and now."""

from webapp.adopted.kinds import ADOPTION
from webapp.work import runner


def prepare(network_id: int) -> None:
    """As the task that workers run, in a process of its own as there."""
    runner.run(ADOPTION.name, network_id, "worker")
