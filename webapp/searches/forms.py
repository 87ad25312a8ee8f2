"""The launch form. It reads text into a config document; all rules are the engine's own."""

from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser

from search_engine.architecture import FAMILIES, AdoptedConfig
from search_engine.presets import PRESETS
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.selectors import visible_datasets
from webapp.errors import ProductError, add_to_form
from webapp.places import put_at, value_at
from webapp.searches import services
from webapp.searches.datasets import usable_datasets
from webapp.searches.documents import merged
from webapp.searches.form_documents import (
    INTEGERS,
    NOT_INTEGERS,
    Document,
    above_zero,
    initial_terms,
    settings_of,
    skeleton_of,
    terms_of,
    with_start_edge,
)
from webapp.searches.form_fields import COSTS, FIELDS, OBJECTIVE, FormField, Type

Place = tuple[forms.BoundField, str]
"""A field on the page, and its unit."""


class LaunchForm(forms.Form):
    """Name, data set, preset, and every setting of a `SearchConfig` under its dotted name.

    Args:
        user: who launches.
        base: the document that the fields are filled from, and that hidden settings come from.
    """

    name = forms.CharField(max_length=120, label="Name")
    preset = forms.ChoiceField(
        choices=[(name, name) for name in PRESETS], required=False, widget=forms.HiddenInput
    )
    start_checkpoint = forms.ModelChoiceField(
        Checkpoint.objects.none(),
        required=False,
        label="Trained start network",
        empty_label="train one",
    )

    def __init__(self, *args: Any, user: AbstractBaseUser, base: Document, **kwargs: Any) -> None:
        kwargs["initial"] = {**_initial(base), **(kwargs.get("initial") or {})}
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self._user, self._base = user, base
        self.fields["data.name"] = _dataset_field(user, self.initial["data.name"])
        starts = visible_to(user).filter(can_start=True)
        self.fields["start_checkpoint"].queryset = starts  # type: ignore[attr-defined]
        self._items = [item for item in FIELDS if _applies(item, base)]
        for item in self._items:
            self.fields[item.place] = _field(item)
        families = [(name, name) for name in _families(base)]
        self.fields["skeleton.family"].choices = families  # type: ignore[attr-defined]
        for cost, (label, _) in COSTS.items():
            for part, help_text in OBJECTIVE.items():
                self.fields[f"objective.{cost}.{part}"] = forms.FloatField(
                    required=False,
                    label=f"{label}, {part}",
                    help_text=help_text,
                    validators=[above_zero],
                )

    def document(self) -> Document:
        """The config as JSON; not yet checked by the engine."""
        given: Document = {}
        for item in self._items:
            put_at(given, item.place, _read(item, self.cleaned_data.get(item.place)))
        put_at(given, "data.name", self.cleaned_data["data.name"])
        given["objective"] = terms_of(self.cleaned_data)
        skeleton = skeleton_of(given.pop("skeleton"), self._base["skeleton"])
        settings = given.pop("strategy_settings")
        document = {**merged(self._base, given), "skeleton": skeleton}
        document["strategy_settings"] = settings
        return with_start_edge(document)

    def clean(self) -> Document:
        """Let the engine judge; its reasons go beside the fields."""
        super().clean()
        # A name that is not there yet keeps nobody from seeing what the settings come to.
        if not set(self.errors) - {"name"}:
            try:
                config, _ = services.checked(self.document(), self._user)
                start = self.cleaned_data.get("start_checkpoint")
                if start is not None:
                    services.check_start(start, config)
                self.cleaned_data["config"] = config
            except ProductError as error:
                add_to_form(self, error)
        return self.cleaned_data

    def main(self) -> list[Place]:
        """The fields that are always open, each with its unit."""
        places: list[Place] = [(self["data.name"], "")]
        places += [(self[item.place], item.unit) for item in self._items if item.group == "main"]
        return places

    def groups(self) -> list[tuple[str, list[Place]]]:
        """Headings of the advanced part, with their fields and units."""
        found: dict[str, list[Place]] = {"Data": [], "Start network": []}
        found["Start network"].append((self["start_checkpoint"], ""))
        for item in self._items:
            if item.group != "main":
                found.setdefault(item.group, []).append((self[item.place], item.unit))
        found["Objective"] = [
            (self[f"objective.{cost}.{part}"], "" if part == "weight" else unit)
            for cost, (_, unit) in COSTS.items()
            for part in OBJECTIVE
        ]
        return list(found.items())


def _dataset_field(user: AbstractBaseUser, wanted: str) -> forms.Field:
    """A choice of what is ready; where what is wanted is not, nothing else is chosen for it."""
    names = [(d.engine_name, d.name) for d in usable_datasets(user)]
    missing = ""
    if wanted not in dict(names):
        found = visible_datasets(user).filter(engine_name=wanted).first()
        missing = f"{found.name if found else 'Its data set'} is not on this server"
        names = [("", f"{missing}: choose another"), *names]
    required = f"{missing}. Download it under Data sets, or choose another." if missing else ""
    return forms.ChoiceField(
        choices=names,
        label="Data set",
        error_messages={"required": required or "Choose a data set."},
    )


def _families(base: Document) -> list[str]:
    """A network that was adopted brings its own skeleton; no other has its sites."""
    if _is_adopted(base):
        return [AdoptedConfig.family]
    return [name for name in FAMILIES if name != AdoptedConfig.family]


def _applies(item: FormField, base: Document) -> bool:
    """Whether a field says something about a network that was adopted: its sizes are its own."""
    kept = ("skeleton.family", "skeleton.drop_path")
    return not (_is_adopted(base) and item.place.startswith("skeleton.") and item.place not in kept)


def _is_adopted(base: Document) -> bool:
    return bool(base["skeleton"]["family"] == AdoptedConfig.family)


def _field(item: FormField) -> forms.Field:
    field = _unmarked_field(item)
    if item.families:
        field.widget.attrs["data-families"] = " ".join(item.families)
    return field


def _unmarked_field(item: FormField) -> forms.Field:
    choices = [(choice, str(choice).replace("_", " ")) for choice in item.choices]
    common: dict[str, Any] = {
        "label": item.label,
        "help_text": item.help,
        "required": not item.optional and item.type is not Type.FLAG,
    }
    match item.type:
        case Type.INTEGER:
            return forms.IntegerField(**common)
        case Type.NUMBER:
            return forms.FloatField(**common)
        case Type.CHOICE:
            return forms.ChoiceField(choices=choices, **common)
        case Type.CHOICES:
            widget = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
        case Type.FLAG:
            return forms.BooleanField(**common)
        case Type.SETTINGS:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
        case Type.INTEGERS:
            return forms.RegexField(INTEGERS, error_messages=NOT_INTEGERS, **common)


def _read(item: FormField, value: Any) -> Any:
    if item.type is Type.INTEGERS and value:
        return [int(part) for part in str(value).split(",")]
    if item.type is Type.SETTINGS:
        return settings_of(str(value or ""))
    return None if value == "" else value


def _initial(base: Document) -> Document:
    initial: Document = {"data.name": base["data"]["name"]}
    for item in FIELDS:
        initial[item.place] = _shown(item, value_at(base, item.place))
    return initial | initial_terms(base["objective"])


def _shown(item: FormField, value: Any) -> Any:
    if item.type is Type.INTEGERS:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    if item.type is Type.SETTINGS:
        return "\n".join(f"{name} = {number:g}" for name, number in (value or {}).items())
    return value
