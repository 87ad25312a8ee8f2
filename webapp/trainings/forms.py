"""The launch form of a final training. It reads text; the declaration judges."""

from collections.abc import Mapping
from typing import Any

from django import forms

from search_engine.spec import Source
from search_engine.spec.final_training import FinalTrainingConfig, Weights
from webapp.checkpoints.selectors import brought_in
from webapp.errors import ProductError, add_to_form
from webapp.forms import ConfigForm, Document, Place
from webapp.searches.models import Search, Trial
from webapp.trainings import documents
from webapp.trainings.documents import Compare

_NETWORK, _TRAINING, _MORE = "Network", "Training", "Advanced"
_COMPARE = {
    Compare.SAME_SETTINGS: "yes, with the same settings",
    Compare.SAME_PARAMETERS: "yes, with as many parameters",
    Compare.NONE: "no",
}

_WEIGHTS: dict[str, str] = {
    Weights.SCRATCH: "fresh, from scratch",
    Weights.ADOPTED: "those that the network was brought with",
    Weights.GROWN: "grown from the trial's",
}


class FinalForm(ConfigForm):
    """Name, preset, and what matters of a `FinalTrainingConfig` under its dotted names.

    Args:
        base: the document that the fields are filled from, and that hidden settings come from.
    """

    config_type = FinalTrainingConfig
    layout = {  # noqa: RUF012  # as the base declares it
        _NETWORK: ("skeleton", "weights"),
        _TRAINING: (
            *("recipe.epochs", "recipe.batch_size", "recipe.learning_rate"),
            *("skeleton.drop_path", "cutout", "data.validation", "data.folds", "seed"),
        ),
        _MORE: (
            *("recipe.weight_decay", "recipe.momentum", "recipe.warmup_epochs"),
            *("recipe.label_smoothing", "recipe.gradient_clip", "recipe.ema_decay"),
            *("recipe.class_weights", "recipe.norm_batches", "recipe.precision"),
        ),
    }
    hidden = frozenset(
        {
            *("skeleton.image", "skeleton.classes"),  # those of the data set
            *("skeleton.widths", "skeleton.extra_layers"),  # what transformations have changed
        }
    )
    name = forms.CharField(max_length=120, label="Name", required=False)
    preset = forms.CharField(required=False, widget=forms.HiddenInput)
    compare = forms.ChoiceField(
        choices=list(_COMPARE.items()),
        label="Train the start network, too",
        help_text="with the same recipe, to compare with",
    )

    def __init__(
        self, *args: Any, search: Search, trial: Trial, base: Document, **kwargs: Any
    ) -> None:
        self._search, self._trial = search, trial
        super().__init__(*args, base=base, **kwargs)

    @property
    def config(self) -> FinalTrainingConfig | None:
        """The config, if it was accepted."""
        found: FinalTrainingConfig | None = self.cleaned_data.get("config")
        return found

    def clean(self) -> Document:
        """Let the declaration judge; its reasons go beside the fields."""
        super().clean()
        if not self.errors:
            try:
                config = documents.checked(self.document(), self._search, self._trial)
                self.cleaned_data["config"] = config
                documents.compared(config, Compare(self.cleaned_data["compare"]))
            except ProductError as error:
                add_to_form(self, error)
        return self.cleaned_data

    def _offered(self, place: str) -> Mapping[str, str] | None:
        if place != "weights":
            return super()._offered(place)
        found = dict(_WEIGHTS)
        if not self._is_adopted or brought_in(self._search.start_checkpoint) is None:
            del found[Weights.ADOPTED]
        if self._base["skeleton"].get("source") == Source.EXPORTED:
            del found[Weights.SCRATCH]
        return found

    def groups(self) -> list[tuple[str, list[Place]]]:
        """What is always open, under its headings."""
        return [(heading, self.places(heading)) for heading in (_NETWORK, _TRAINING)]

    def more(self) -> list[Place]:
        """What is folded away."""
        return self.places(_MORE)
