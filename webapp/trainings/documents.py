"""Configs of final trainings: what they start from, how they are judged, what they cost."""

from dataclasses import replace
from enum import StrEnum
from typing import Any, TypedDict

from search_engine.spec import AdoptedConfig, Architecture, SkeletonConfig
from search_engine.spec.errors import InvalidConfig
from search_engine.spec.final_presets import FINAL_PRESETS, final_preset
from search_engine.spec.final_training import FinalTrainingConfig, Weights
from search_engine.spec.placement import growth_plan
from search_engine.spec.reference import baseline
from search_engine.spec.search_config import SearchConfig
from webapp.checkpoints.selectors import brought_in
from webapp.errors import ProductError, engine_errors_as_product_errors
from webapp.searches.estimates import seconds_of, training_images
from webapp.searches.models import Search, Trial

Document = dict[str, Any]

AS_SEARCHED = "as-searched"
PRESETS = (AS_SEARCHED, *FINAL_PRESETS)
_USUAL = {"digits": "digits", "fashion-mnist": "fashion"}
_PAPER = "paper-pyramidnet-84-300"


class Compare(StrEnum):
    """Whether the search's start network is trained with the same recipe, too."""

    NONE = "none"
    SAME_SETTINGS = "same-settings"
    SAME_PARAMETERS = "same-parameters"


class Estimate(TypedDict, total=False):
    """What is known of a final training before it begins."""

    parameters: int
    multiply_adds: int
    images: int
    seconds: float


def usual_preset(search: Search) -> str:
    """The preset that fits the search's network and data set best."""
    if search.config["skeleton"]["family"] == AdoptedConfig.family:
        return AS_SEARCHED
    return _USUAL.get(search.dataset.engine_name, _PAPER)


def base_document(search: Search, trial: Trial, preset: str = "") -> Document:
    """What changes start from: a preset, fitted to the search's images and split.

    As searched, an adopted network begins with the weights that it was brought with, and learns by
    the start network's recipe.

    Raises:
        ProductError: there is no such preset.
    """
    name = preset or usual_preset(search)
    if name not in PRESETS:
        reason = f"expected one of {', '.join(PRESETS)}"
        raise ProductError("There is no such preset.", "unusable", fields={"preset": reason})
    searched = SearchConfig.from_json(search.config)
    if name == AS_SEARCHED:
        document = _as_searched(searched, search, trial).to_json()
    else:
        document = final_preset(name).to_json()
        document["skeleton"] = {**document["skeleton"], "groups": searched.skeleton.groups}
    document["data"] = {"validation": searched.data.validation, "folds": 1}
    return fitted(document, search, trial)


def _as_searched(searched: SearchConfig, search: Search, trial: Trial) -> FinalTrainingConfig:
    usual = final_preset(next(iter(FINAL_PRESETS)))
    skeleton = _grown(trial) or searched.skeleton
    found = replace(usual, skeleton=skeleton, cell=skeleton.start_cell)
    if not isinstance(skeleton, AdoptedConfig):
        return found
    weights = Weights.SCRATCH if skeleton.has_fresh_weights else Weights.GROWN
    if brought_in(search.start_checkpoint) is not None:
        weights = Weights.ADOPTED
    return replace(found, weights=weights, recipe=searched.start_recipe, cutout=None)


def _grown(trial: Trial) -> SkeletonConfig | None:
    """The trial's own network, with layers that have become wider or deeper, where it is kept."""
    checkpoint = getattr(trial, "checkpoint", None)
    return None if checkpoint is None else checkpoint.skeleton


def fitted(document: Document, search: Search, trial: Trial) -> Document:
    """The document for this trial's cell, and for the images and the split of its search.

    The same images stay held out as in the search, so weights that were grown have not seen them.
    The data set is the search's: what a user types never names a file.
    """
    searched = SearchConfig.from_json(search.config)
    split = {"seed": searched.split_seed, "train_limit": searched.data.train_limit}
    data, skeleton = document.get("data"), document.get("skeleton")
    if isinstance(data, dict):
        document = {**document, "data": {**data, **split, "name": search.dataset.engine_name}}
    if isinstance(skeleton, dict):
        shape = {name: search.config["skeleton"][name] for name in ("image", "classes")}
        document = {**document, "skeleton": {**skeleton, **shape}}
    return {**document, "cell": trial.cell}


def checked(document: Document, search: Search, trial: Trial) -> FinalTrainingConfig:
    """The config as the engine reads it.

    Raises:
        ProductError: a field is at fault.
    """
    with engine_errors_as_product_errors():
        FinalTrainingConfig.from_json(document)  # what is put in its place below is judged, too
        config = FinalTrainingConfig.from_json(fitted(document, search, trial))
        _check_counts(config, search)
        if config.weights is Weights.GROWN:
            _check_growth(config, trial)
        if config.weights is Weights.ADOPTED:
            _check_brought_in(config, search)
    return config


def compared(config: FinalTrainingConfig, compare: Compare) -> FinalTrainingConfig | None:
    """The start network's training to compare with, if any is wanted.

    Raises:
        ProductError: no start network comes near enough to the number of parameters.
    """
    if compare is Compare.NONE:
        return None
    try:
        return baseline(config, same_parameters=compare is Compare.SAME_PARAMETERS)
    except InvalidConfig as error:
        raise ProductError(
            f"The start network cannot be compared so: {error.reason}.",
            "unusable",
            fields={"compare": error.reason},
        ) from error


def reason_against_growing(config: FinalTrainingConfig, trial: Trial) -> str:
    """Why this network cannot start from the trial's weights; empty where it can."""
    try:
        _check_growth(config, trial)
    except InvalidConfig as error:
        return error.reason
    return ""


def estimate(config: FinalTrainingConfig, search: Search, trial: Trial) -> Estimate:
    """Parameters and multiply-adds, exactly; the time, from the speed of the trial's training."""
    cost = config.architecture.cost
    images = training_images(search.dataset, config.data.validation, config.data.train_limit)
    found: Estimate = {
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "images": images * config.recipe.epochs * config.data.folds,
    }
    seconds = seconds_of(found["images"], cost.multiply_adds, trial)
    if seconds is not None:
        found["seconds"] = seconds
    return found


def _check_counts(config: FinalTrainingConfig, search: Search) -> None:
    total = search.dataset.image_count
    if total and config.data.validation >= total:
        raise InvalidConfig("data.validation", f"expected fewer than the {total:,} images")
    if config.data.folds > 1 and search.dataset.test_count:
        raise InvalidConfig("data.folds", "the data set has test images of its own: expected 1")


def _check_growth(config: FinalTrainingConfig, trial: Trial) -> None:
    checkpoint = getattr(trial, "checkpoint", None)
    if checkpoint is None:
        raise InvalidConfig("weights", "the trial's checkpoint is not kept; train from scratch")
    found = Architecture.from_json(checkpoint.description["architecture"])
    growth_plan(found, config.architecture)


def _check_brought_in(config: FinalTrainingConfig, search: Search) -> None:
    checkpoint = brought_in(search.start_checkpoint)
    if checkpoint is None:
        raise InvalidConfig("weights", "the network that was brought in is not kept")
    found = Architecture.from_json(checkpoint.description["architecture"])
    skeleton = replace(found.skeleton, classes=config.skeleton.classes)
    growth_plan(replace(found, skeleton=skeleton), config.architecture)
