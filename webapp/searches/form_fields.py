"""The launch form's fields: where each stands in the config, how it is called, in what unit."""

from dataclasses import dataclass, field
from enum import StrEnum

from search_engine.architecture import FAMILIES, SEARCHED_OPERATIONS, MorphKind, Order
from search_engine.config import STRATEGIES
from search_engine.early_stopping import StoppingRule
from search_engine.training import Precision


class Type(StrEnum):
    """How a field is read."""

    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    FLAG = "flag"
    INTEGERS = "integers"
    SETTINGS = "settings"


@dataclass(frozen=True)
class FormField:
    """One field.

    Args:
        place: in the config, dotted; the field's name too, so errors find it.
        label: above it.
        type: how it is read.
        help: what it does, with its limits.
        unit: after it.
        group: heading under which it stands; `main` is always open.
        choices: what may be chosen.
        optional: empty means null.
        families: of start networks that have it; none named: all.
    """

    place: str
    label: str
    type: Type
    help: str = ""
    unit: str = ""
    group: str = "main"
    choices: tuple[str, ...] = field(default=())
    optional: bool = False
    families: tuple[str, ...] = ()


def _recipe(place: str, group: str) -> tuple[FormField, ...]:
    number, whole = Type.NUMBER, Type.INTEGER
    return (
        FormField(f"{place}.epochs", "Epochs", whole, "1 to 100,000", "epochs", group),
        FormField(f"{place}.batch_size", "Batch size", whole, "1 to 65,536", "images", group),
        FormField(f"{place}.learning_rate", "Learning rate", number, "above 0", "", group),
        FormField(f"{place}.warmup_epochs", "Warm-up", number, "0 or more", "epochs", group),
        FormField(f"{place}.momentum", "Momentum", number, "0 to below 1", "", group),
        FormField(f"{place}.weight_decay", "Weight decay", number, "0 or more", "", group),
        FormField(f"{place}.label_smoothing", "Label smoothing", number, "0 to 1", "", group),
        FormField(
            f"{place}.gradient_clip", "Gradient clip", number, "empty: none", "", group, (), True
        ),
        FormField(
            f"{place}.ema_decay", "Average of weights", number, "empty: none", "", group, (), True
        ),
        FormField(f"{place}.decay_norms", "Decay norms, too", Type.FLAG, "And biases", "", group),
        FormField(
            f"{place}.norm_batches", "Norms measured on", whole, "0 to 10,000", "batches", group
        ),
        FormField(
            f"{place}.lasso_weight",
            "Weight of group lasso",
            number,
            "CondenseNet, 0 or more",
            "",
            group,
            families=("condensenet",),
        ),
        FormField(f"{place}.precision", "Precision", Type.CHOICE, "", "", group, tuple(Precision)),
    )


MAIN = (
    FormField("strategy", "Strategy", Type.CHOICE, "Who proposes cells", choices=STRATEGIES),
    FormField("budget.max_trials", "Trials", Type.INTEGER, "1 to 1,000,000", "trials"),
    FormField("parallel", "At once", Type.INTEGER, "Trials in flight, 1 to 1,024", "trials"),
)

DATA = (
    FormField(
        "data.validation", "Validation", Type.INTEGER, "Held out to select by", "images", "Data"
    ),
    FormField(
        "data.calibration", "Calibration", Type.INTEGER, "Held out for morphs", "images", "Data"
    ),
    FormField(
        "data.train_limit", "Training limit", Type.INTEGER, "empty: all", "images", "Data", (), True
    ),
)

_START = "Start network"
START = (
    FormField("skeleton.family", "Family", Type.CHOICE, "", "", _START, tuple(FAMILIES)),
    FormField(
        "skeleton.blocks",
        "Blocks",
        Type.INTEGERS,
        "In each stage; CondenseNet: one number a stage",
        "blocks",
        _START,
    ),
    FormField(
        "skeleton.growth",
        *("Growth", Type.INTEGER, "DenseNet, 1 to 1,024", "channels", _START, (), True),
        families=("densenet",),
    ),
    FormField(
        "skeleton.channels",
        *("Width", Type.INTEGER, "ChainNet", "channels", _START, (), True),
        families=("chainnet",),
    ),
    FormField(
        "skeleton.alpha",
        *("Alpha", Type.INTEGER, "PyramidNet: how much wider", "channels", _START, (), True),
        families=("pyramidnet",),
    ),
    *(
        FormField(f"skeleton.{name}", label, kind, text, unit, _START, (), True, ("condensenet",))
        for name, label, kind, text, unit in (
            ("growths", "Growths", Type.INTEGERS, "One number a stage", "channels"),
            ("searched", "Searched", Type.INTEGERS, "Last blocks of each stage", "blocks"),
            ("learned_groups", "Learned groups", Type.INTEGER, "1 to 64", "groups"),
            ("condense_factor", "Condensed", Type.INTEGER, "One input in so many, 1 to 64", ""),
        )
    ),
    FormField("skeleton.groups", "Groups", Type.INTEGER, "Of the 3×3 site", "", _START),
    FormField(
        "skeleton.order", "Order", Type.CHOICE, "In each operation", "", _START, tuple(Order)
    ),
    FormField("skeleton.drop_path", "Drop path", Type.NUMBER, "0 to below 1", "", _START),
)

SPACE = (
    FormField("search_space.max_depth", "Depth", Type.INTEGER, "1 to 6", "nodes", "Search space"),
    FormField(
        "search_space.min_height", "Least height", Type.INTEGER, "1 or 2", "", "Search space"
    ),
    FormField(
        "search_space.add_branches", "Branches of add", Type.INTEGERS, "2 to 8", "", "Search space"
    ),
    FormField(
        "search_space.concat_branches",
        "Branches of concat",
        Type.INTEGERS,
        "2 to 8",
        "",
        "Search space",
    ),
    FormField(
        "search_space.operations",
        "Operations",
        Type.CHOICES,
        "What an edge may carry",
        "",
        "Search space",
        tuple(SEARCHED_OPERATIONS),
    ),
)

SEARCHING = (
    FormField(
        "strategy_settings",
        "Settings of the strategy",
        Type.SETTINGS,
        "One a line, such as learning_rate = 0.006; empty: the defaults",
        "",
        "Strategy and morph",
        (),
        True,
    ),
    FormField("inherit", "Children inherit weights", Type.FLAG, "", "", "Strategy and morph"),
    FormField(
        "morph.kind", "New operations", Type.CHOICE, "", "", "Strategy and morph", tuple(MorphKind)
    ),
    FormField("morph.noise", "Noise", Type.NUMBER, "0 to 1", "", "Strategy and morph"),
    FormField(
        "keep",
        "Checkpoints kept",
        Type.INTEGER,
        "Best trials, 1 to 10,000",
        "",
        "Strategy and morph",
    ),
    FormField(
        "measure_latency",
        "Measure latency and memory",
        Type.FLAG,
        "Of each child on its worker's device; always where the objective counts them",
        "",
        "Strategy and morph",
    ),
    FormField("seed", "Seed", Type.INTEGER, "0 to 4,294,967,295", "", "Strategy and morph"),
)

STOPPING = (
    FormField(
        "early_stopping.rule", "Rule", Type.CHOICE, "", "", "Early stopping", tuple(StoppingRule)
    ),
    FormField(
        "early_stopping.warmup_epochs", "Not before", Type.INTEGER, "", "epochs", "Early stopping"
    ),
    FormField(
        "early_stopping.startup_trials", "Not before", Type.INTEGER, "", "trials", "Early stopping"
    ),
    FormField(
        "early_stopping.reduction", "Halving: one in", Type.INTEGER, "2 to 16", "", "Early stopping"
    ),
    FormField(
        "budget.max_epochs",
        "Epochs in all",
        Type.INTEGER,
        "empty: no limit",
        "epochs",
        "Early stopping",
        (),
        True,
    ),
    FormField(
        "budget.max_seconds",
        "Running time",
        Type.INTEGER,
        "empty: no limit",
        "s",
        "Early stopping",
        (),
        True,
    ),
)

COSTS = {
    "parameters": ("Parameters", ""),
    "multiply_adds": ("Multiply-adds", "for one image"),
    "latency_1": ("Latency of one image", "s"),
    "latency_64": ("Latency of a batch of 64", "s"),
    "memory": ("Memory of inference", "bytes"),
}
"""Names of costs that an objective may count, with their labels and units."""
RULES = ("target", "limit")
USUAL_WEIGHT = 0.5
OBJECTIVE = {
    "target": "above it, the reward is lowered",
    "limit": "above it, the reward is 0",
    "weight": f"of the target: how steeply; empty: {USUAL_WEIGHT}",
}
"""What can be said of each cost, with what it does."""

FIELDS = (
    *MAIN,
    *DATA,
    *START,
    *_recipe("start_recipe", "Training of the start network"),
    *SPACE,
    *SEARCHING,
    *_recipe("recipe", "Training of children"),
    FormField(
        "recipe.annealing",
        "Gates open in",
        Type.NUMBER,
        "A share of the training, 0 to 1",
        group="Training of children",
    ),
    *STOPPING,
)
