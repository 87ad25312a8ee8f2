"""The launch form. It reads text into a config document; all rules are the engine's own."""

from typing import Any

from django import forms

from search_engine.architecture import FAMILIES, AdoptedConfig
from search_engine.final_training import FinalTrainingConfig
from webapp.errors import ProductError, add_to_form
from webapp.final_trainings import documents
from webapp.final_trainings.documents import Compare, Document
from webapp.final_trainings.form_fields import FIELDS, MORE, NETWORK, TRAINING
from webapp.places import put_at, value_at
from webapp.searches.form_documents import INTEGERS, NOT_INTEGERS, known_to
from webapp.searches.form_fields import FormField, Type
from webapp.searches.models import Search, Trial

Place = tuple[forms.BoundField, str]
"""A field on the page, and its unit."""

_COMPARE = {
    Compare.SAME_SETTINGS: "yes, with the same settings",
    Compare.SAME_PARAMETERS: "yes, with as many parameters",
    Compare.NONE: "no",
}
_WEIGHTS = {"scratch": "fresh, from scratch", "grown": "grown from the trial's"}


class FinalForm(forms.Form):
    """Name, preset, and what matters of a `FinalTrainingConfig` under its dotted names.

    Args:
        search: whose trial is trained.
        trial: whose cell.
        base: the document that the fields are filled from, and that hidden settings come from.
    """

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
        kwargs["initial"] = {**_initial(base), **(kwargs.get("initial") or {})}
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self._search, self._trial, self._base = search, trial, base
        self._items = [item for item in FIELDS if _applies(item, base)]
        for item in self._items:
            self.fields[item.place] = _field(item)
        families = [(name, name) for name in _families(base)]
        self.fields["skeleton.family"].choices = families  # type: ignore[attr-defined]

    @property
    def config(self) -> FinalTrainingConfig | None:
        """As the engine read it; None where it refused."""
        found: FinalTrainingConfig | None = self.cleaned_data.get("config")
        return found

    def document(self) -> Document:
        """The config as JSON; not yet checked by the engine."""
        given: Document = {}
        for item in self._items:
            put_at(given, item.place, _read(item, self.cleaned_data.get(item.place)))
        skeleton = _skeleton(given.pop("skeleton"), self._base["skeleton"])
        document = {**self._base, **given, "skeleton": skeleton}
        for part in ("recipe", "data"):
            document[part] = {**self._base[part], **given[part]}
        return document

    def clean(self) -> Document:
        """Let the engine judge; its reasons go beside the fields."""
        super().clean()
        if not self.errors:
            try:
                config = documents.checked(self.document(), self._search, self._trial)
                self.cleaned_data["config"] = config
                documents.compared(config, Compare(self.cleaned_data["compare"]))
            except ProductError as error:
                add_to_form(self, error)
        return self.cleaned_data

    def groups(self) -> list[tuple[str, list[Place]]]:
        """What is always open, under its headings."""
        found: dict[str, list[Place]] = {NETWORK: [], TRAINING: []}
        for item in self._items:
            if item.group != MORE:
                found[item.group].append((self[item.place], item.unit))
        return list(found.items())

    def more(self) -> list[Place]:
        """What is folded away."""
        return [(self[item.place], item.unit) for item in self._items if item.group == MORE]


def _field(item: FormField) -> forms.Field:
    common: dict[str, Any] = {
        "label": item.label,
        "help_text": item.help,
        "required": not item.optional,
    }
    match item.type:
        case Type.INTEGER:
            return forms.IntegerField(**common)
        case Type.NUMBER:
            return forms.FloatField(**common)
        case Type.INTEGERS:
            return forms.RegexField(INTEGERS, error_messages=NOT_INTEGERS, **common)
        case _:
            names = _WEIGHTS if item.place == "weights" else {}
            choices = [(str(choice), names.get(choice, str(choice))) for choice in item.choices]
            return forms.ChoiceField(choices=choices, **common)


def _read(item: FormField, value: Any) -> Any:
    if item.type is Type.INTEGERS:
        return [int(part) for part in str(value).split(",")]
    return None if value == "" else value


def _skeleton(given: Document, base: Document) -> Document:
    """The skeleton of the family that was chosen; fields of other families are left out."""
    same = base["family"] == given["family"]
    start = base if same else _usual(FAMILIES[given["family"]], base)
    return {**start, **known_to(start, given)}


def _is_adopted(base: Document) -> bool:
    return bool(base["skeleton"]["family"] == AdoptedConfig.family)


def _families(base: Document) -> list[str]:
    """What may be chosen; an adopted network is what it is, and none can be made up here."""
    if _is_adopted(base):
        return [AdoptedConfig.family]
    return [family for family in FAMILIES if family != AdoptedConfig.family]


_OF_ADOPTED = ("skeleton.family", "skeleton.drop_path")


def _applies(item: FormField, base: Document) -> bool:
    """An adopted network has its sizes from where it came."""
    of_skeleton = item.place.startswith("skeleton.")
    return not (of_skeleton and _is_adopted(base)) or item.place in _OF_ADOPTED


def _usual(kind: Any, base: Document) -> Document:
    """A family's usual settings, which it may refuse for images of this size: said later."""
    usual: Document = kind().to_json()
    return {**usual, "image": base["image"], "classes": base["classes"]}


def _initial(base: Document) -> Document:
    return {item.place: _shown(value_at(base, item.place)) for item in FIELDS}


def _shown(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
