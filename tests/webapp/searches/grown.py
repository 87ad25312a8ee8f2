"""Rows of networks that grew from one another: 1 from the start network, 2 from 1, and so on."""

from search_engine.spec.search_config import SearchConfig
from webapp.searches.models import Search, Trial
from webapp.state import State

START_ACCURACY = 0.9
ROOT = {
    "merge": "none",
    "allocation": "replicate",
    "branches": [{"operation": "group_conv_3x3"}],
}


def grow_trials(search: Search) -> tuple[str, int]:
    """Four completed trials: widened by 2, rested, widened by 4 more, deepened elsewhere.

    Returns:
        The layer that was widened, and its channels in the start network.
    """
    layers = SearchConfig.from_json(search.config).skeleton.hidden_layers()
    layer, other = list(layers)[:2]
    width = layers[layer].width
    steps = [
        ("widen", [{"type": "widen", "layer": layer, "width": width + 2}]),
        ("rest", []),
        ("widen", [{"type": "widen", "layer": layer, "width": width + 6}]),
        ("deepen", [{"type": "deepen", "layer": other}]),
    ]
    for number, (move, transformations) in enumerate(steps, 1):
        proposal = {"parent": number - 1, "move": move, "transformations": transformations}
        Trial.objects.create(
            search=search,
            number=number,
            parent=number - 1,
            move=move,
            state=State.COMPLETED,
            accuracy=START_ACCURACY + (0.01 if move == "widen" else 0.001) * number,
            multiply_adds=1000,
            seed=0,
            proposal=proposal,
            notation="[G3x3]",
            cell={"version": 1, "root": ROOT},
        )
    return layer, width
