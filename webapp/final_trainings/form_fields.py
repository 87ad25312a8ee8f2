"""The launch form's fields: where each stands in the config, how it is called, in what unit."""

from search_engine.architecture import FAMILIES, Order
from search_engine.final_training import Weights
from search_engine.training import Precision
from webapp.searches.form_fields import FormField, Type

_N, _I, _C = Type.NUMBER, Type.INTEGER, Type.CHOICE

NETWORK = "Network"
TRAINING = "Training"
MORE = "Advanced"

FIELDS: tuple[FormField, ...] = (
    FormField("skeleton.family", "Family", _C, "", "", NETWORK, tuple(FAMILIES)),
    FormField("skeleton.blocks", "Blocks", Type.INTEGERS, "in each stage", "blocks", NETWORK),
    FormField("skeleton.growth", "Growth", _I, "DenseNet", "channels", NETWORK, (), True),
    FormField("skeleton.alpha", "Alpha", _I, "PyramidNet: how much wider", "", NETWORK, (), True),
    FormField("skeleton.channels", "Width", _I, "ChainNet", "channels", NETWORK, (), True),
    FormField("skeleton.groups", "Groups", _I, "of the 3×3 site, 1 to 64", "", NETWORK),
    FormField("skeleton.order", "Order", _C, "in each operation", "", NETWORK, tuple(Order)),
    FormField("weights", "Weights", _C, "", "", NETWORK, tuple(Weights)),
    FormField("recipe.epochs", "Epochs", _I, "1 to 100,000", "epochs", TRAINING),
    FormField("recipe.batch_size", "Batch size", _I, "1 to 65,536", "images", TRAINING),
    FormField("recipe.learning_rate", "Learning rate", _N, "falls along a cosine", "", TRAINING),
    FormField("skeleton.drop_path", "Drop path", _N, "0 to below 1", "", TRAINING),
    FormField("cutout", "Cutout", _I, "0: none; empty: what suits", "pixels", TRAINING, (), True),
    FormField(
        "data.validation", "Validation", _I, "held out; 0: learn from all", "images", TRAINING
    ),
    FormField("seed", "Seed", _I, "0 to 4,294,967,295", "", TRAINING),
    FormField("recipe.weight_decay", "Weight decay", _N, "0 or more", "", MORE),
    FormField("recipe.momentum", "Momentum", _N, "0 to below 1", "", MORE),
    FormField("recipe.warmup_epochs", "Warm-up", _N, "0 or more", "epochs", MORE),
    FormField("recipe.label_smoothing", "Label smoothing", _N, "0 to 1", "", MORE),
    FormField("recipe.gradient_clip", "Gradient clip", _N, "empty: none", "", MORE, (), True),
    FormField("recipe.ema_decay", "Average of weights", _N, "empty: none", "", MORE, (), True),
    FormField("recipe.norm_batches", "Norms measured on", _I, "0 to 10,000", "batches", MORE),
    FormField("recipe.precision", "Precision", _C, "", "", MORE, tuple(Precision)),
)
