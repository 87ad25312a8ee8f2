"""A final training that is measured in folds: once for each part of the images, unseen by it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from search_engine.spec.final_result import FinalResult
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.measures import accuracy_by_class, balanced_accuracy
from search_engine.spec.training_events import Event, StepProgress
from search_engine.training.final_training import Listener

Train = Callable[[FinalTrainingConfig, Path, Listener], FinalResult]


def trained_in_folds(
    config: FinalTrainingConfig, folder: Path, train: Train, listener: Listener
) -> FinalResult:
    """Train as often as there are folds, each time tested on another part of the images.

    Args:
        folder: of the first fold, whose network is kept; it has folders for the others.
        train: trains one network in a folder, and goes on there after an interruption.
        listener: hears of all epochs as if they were those of one training.

    Returns:
        All images were tested once, by networks that had not seen them; where there is one fold,
        what `train` gives.
    """
    of = config.data.folds
    if of == 1:
        return train(config, folder, listener)
    results = []
    for number in range(1, of + 1):
        one = replace(config, data=replace(config.data, fold=number))
        place = folder if number == 1 else folder / f"fold-{number}"
        results.append(train(one, place, _after(number - 1, config, listener)))
    return _together(results, config.recipe.epochs)


def _after(folds: int, config: FinalTrainingConfig, listener: Listener) -> Listener:
    """Tells the listener of epochs that follow those of so many folds."""
    epochs, of = config.recipe.epochs, config.data.folds

    def tell(event: Event) -> None:
        event = replace(event, epoch=folds * epochs + event.epoch)
        if isinstance(event, StepProgress):
            step = folds * event.steps + event.step
            event = replace(event, step=step, steps=of * event.steps)
        listener(event)

    return tell


def _together(results: list[FinalResult], epochs: int) -> FinalResult:
    """One result of several; its network and what was validated are the first's."""
    first = results[0]
    images = [result.test_images for result in results]
    classes = zip(*(result.confusion for result in results), strict=True)
    confusion = tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in classes)
    by_class = accuracy_by_class(confusion)
    names = (name for name, _ in first.by_class)
    right = sum(row[label] for label, row in enumerate(confusion))
    losses = (result.test_loss * count for result, count in zip(results, images, strict=True))
    return replace(
        first,
        test_accuracy=right / sum(images),
        test_balanced_accuracy=balanced_accuracy(by_class),
        test_loss=sum(losses) / sum(images),
        test_images=sum(images),
        by_class=tuple(zip(names, by_class, strict=True)),
        confusion=confusion,
        curve=tuple(
            replace(epoch, epoch=place * epochs + epoch.epoch)
            for place, result in enumerate(results)
            for epoch in result.curve
        ),
        seconds=sum(result.seconds for result in results),
        graph_failure=next((r.graph_failure for r in results if r.graph_failure), None),
        fold_accuracies=tuple(result.test_accuracy for result in results),
    )
