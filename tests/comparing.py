"""A made-up comparison of five test images, three classes, and one class without images."""

from dataclasses import replace

from search_engine.spec.comparison import (
    ChangedImages,
    Comparison,
    Contender,
    Gain,
    Picture,
    recalls_of,
)

LABELS = [0, 0, 1, 2, 2]
WINNER = [True, True, True, False, True]
OTHER = [True, False, True, True, False]
SQUARE = "UklGRiQAAABXRUJQVlA4IBgAAABQAQCdASoIAAgAAMASJaQABHQAAP4AAAA="
START = [True, False, False, False, False]


def contender(hits: list[bool], trial: int, parameters: int) -> Contender:
    """What the images say of a network."""
    return Contender(
        trial=trial,
        accuracy=sum(hits) / len(hits),
        images=len(hits),
        recalls=recalls_of(hits, LABELS, 4),
        parameters=parameters,
        multiply_adds=100 * parameters,
        latency_1=0.002,
        latency_64=0.03,
    )


def pictured(gain: Gain) -> Gain:
    """With a picture, an 8 x 8 grey square, of each image that changed sides."""

    def picture(index: int, *, winner_errs: bool) -> Picture:
        label = LABELS[index]
        guesses = {"winner": label, "other": label, "winner" if winner_errs else "other": 3}
        return Picture(index=index, label=label, webp=SQUARE, **guesses)

    def pictures(changed: ChangedImages, *, winner_errs: bool) -> ChangedImages:
        found = tuple(picture(index, winner_errs=winner_errs) for index in changed.indexes)
        return replace(changed, pictures=found)

    return replace(
        gain,
        improved=pictures(gain.improved, winner_errs=False),
        worsened=pictures(gain.worsened, winner_errs=True),
    )


def comparison(*, with_control: bool = True) -> Comparison:
    """Of a winner that is a trial's, and of a control that is another's or off."""
    return Comparison(
        start=contender(START, 0, 1000),
        control=contender(OTHER, 9, 1000) if with_control else None,
        winner=contender(WINNER, 7, 1200),
        gain=pictured(Gain.between(WINNER, OTHER, LABELS, 4)) if with_control else None,
        gain_over_start=Gain.between(WINNER, START, LABELS, 4),
        class_names=("cat", "dog", "owl", "eel"),
        class_images=(2, 1, 2, 0),
    )
