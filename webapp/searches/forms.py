"""The launch form. It reads text into a config document; all rules are the engine's own."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser

from search_engine.architecture import FAMILIES, AdoptedConfig, skeleton_from_json
from search_engine.errors import SearchEngineError
from search_engine.presets import PRESETS
from webapp.checkpoints.models import Checkpoint
from webapp.checkpoints.selectors import visible_to
from webapp.errors import ProductError, add_to_form
from webapp.places import put_at, value_at
from webapp.searches import services
from webapp.searches.datasets import usable_datasets
from webapp.searches.documents import merged
from webapp.searches.form_fields import COSTS, FIELDS, RULES, FormField, Type

Document = dict[str, Any]
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
        names = [(d.engine_name, d.name) for d in usable_datasets(user)]
        self.fields["data.name"] = forms.ChoiceField(choices=names, label="Data set")
        starts = visible_to(user).filter(can_start=True)
        self.fields["start_checkpoint"].queryset = starts  # type: ignore[attr-defined]
        self._items = [item for item in FIELDS if _applies(item, base)]
        for item in self._items:
            self.fields[item.place] = _field(item)
        families = [(name, name) for name in _families(base)]
        self.fields["skeleton.family"].choices = families  # type: ignore[attr-defined]
        for cost, (label, _) in COSTS.items():
            for rule in RULES:
                self.fields[f"objective.{cost}.{rule}"] = forms.FloatField(
                    required=False, label=f"{label}, {rule}"
                )

    def document(self) -> Document:
        """The config as JSON; not yet checked by the engine."""
        given: Document = {}
        for item in self._items:
            put_at(given, item.place, _read(item, self.cleaned_data.get(item.place)))
        put_at(given, "data.name", self.cleaned_data["data.name"])
        given["objective"] = _terms(self.cleaned_data)
        skeleton = _skeleton(given.pop("skeleton"), self._base["skeleton"])
        settings = given.pop("strategy_settings")
        document = {**merged(self._base, given), "skeleton": skeleton}
        document["strategy_settings"] = settings
        return _with_start_edge(document)

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
            (self[f"objective.{cost}.{rule}"], unit)
            for cost, (_, unit) in COSTS.items()
            for rule in RULES
        ]
        return list(found.items())


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
            return forms.RegexField(r"^\s*\d{1,9}(\s*,\s*\d{1,9})*\s*$", **common)


def _read(item: FormField, value: Any) -> Any:
    if item.type is Type.INTEGERS:
        return [int(part) for part in str(value).split(",")]
    if item.type is Type.SETTINGS:
        return _settings(str(value or ""))
    return None if value == "" else value


def _settings(text: str) -> Document:
    settings: Document = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _, number = line.partition("=")
        try:
            settings[name.strip()] = float(number)
        except ValueError:
            settings[name.strip()] = number.strip()  # which the engine refuses, saying why
    return settings


def _terms(cleaned: Mapping[str, Any]) -> list[Document]:
    return [
        {"cost": cost, "rule": rule, "value": value, "weight": 0.5}
        for cost in COSTS
        for rule in RULES
        if (value := cleaned.get(f"objective.{cost}.{rule}")) is not None
    ]


def _skeleton(given: Document, base: Document) -> Document:
    """The skeleton of the family that was chosen; fields of other families are left out."""
    family = given["family"]
    start = base if base["family"] == family else FAMILIES[family]().to_json()
    known = {name: value for name, value in given.items() if name in start and value is not None}
    if "blocks" in known and not isinstance(start["blocks"], list | tuple):
        known["blocks"] = known["blocks"][0]
    return {**start, **known}


def _with_start_edge(document: Document) -> Document:
    """The space starts from the skeleton's own cell: nobody has to say it twice."""
    try:
        skeleton = skeleton_from_json(document["skeleton"])
    except SearchEngineError:
        return document  # refused later, with its reason
    (edge,) = skeleton.start_cell.root.branches
    space = {"start_edge": edge.operation.value, "groups": skeleton.groups}
    return merged(document, {"search_space": space})


def _initial(base: Document) -> Document:
    initial: Document = {"data.name": base["data"]["name"]}
    for item in FIELDS:
        initial[item.place] = _shown(item, value_at(base, item.place))
    for term in base["objective"]:
        initial[f"objective.{term['cost']}.{term['rule']}"] = term["value"]
    return initial


def _shown(item: FormField, value: Any) -> Any:
    if item.type is Type.INTEGERS:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    if item.type is Type.SETTINGS:
        return "\n".join(f"{name} = {number:g}" for name, number in (value or {}).items())
    return value
