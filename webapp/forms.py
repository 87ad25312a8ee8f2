"""Forms made from declared settings: a field for each of them, and a config from what was typed."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django import forms

from search_engine.spec import FAMILIES, AdoptedConfig
from search_engine.spec.declared import Declared
from search_engine.spec.fields import Kind, Setting, settings_of_type
from webapp.dotted import merged, put_at, value_at
from webapp.errors import ProductError

Document = dict[str, Any]
Place = tuple[forms.BoundField, str]
"""A field on the page, and its unit."""

_INTEGERS = r"^\s*\d{1,9}(\s*,\s*\d{1,9})*\s*$"
_NOT_INTEGERS = {"invalid": "expected whole numbers with commas between, such as 2, 3"}
_OF_ADOPTED = ("skeleton.family", "skeleton.drop_path")


class ConfigForm(forms.Form):
    """Settings of a config under their dotted names, as they are declared.

    Args:
        base: the document that the fields are filled from, and that hidden settings come from.
    """

    config_type: ClassVar[type[Declared]]
    layout: ClassVar[Mapping[str, Iterable[str]]]
    """Headings, with the settings or whole parts of the config below each."""
    hidden: ClassVar[frozenset[str]] = frozenset()
    """Settings that nobody is asked for."""
    offered: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Choices with their labels, where not all are offered or they are called otherwise."""

    def __init__(self, *args: Any, base: Document, **kwargs: Any) -> None:
        self._base = base
        declared = list(self.declared())
        named = {part for parts in self.layout.values() for part in parts}
        self._laid_out = {
            heading: [s for part in parts for s in self._of_part(part, declared, named)]
            for heading, parts in self.layout.items()
        }
        self._settings = [setting for group in self._laid_out.values() for setting in group]
        initial = {s.place: shown(s, value_at(base, s.place)) for s in self._settings}
        kwargs["initial"] = {**initial, **(kwargs.get("initial") or {})}
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for setting in self._settings:
            self.fields[setting.place] = field_of(setting, self._offered(setting.place))

    def declared(self) -> Iterable[Setting]:
        """Every setting that there is."""
        return settings_of_type(self.config_type)

    def document(self) -> Document:
        """The config as JSON; not yet judged."""
        given: Document = {}
        for setting in self._settings:
            value = value_of(setting, self.cleaned_data.get(setting.place))
            # What is for another variant is not sent; the base's stands.
            if value is not None or not setting.variants:
                put_at(given, setting.place, value)
        skeleton = self._skeleton(given.pop("skeleton"))
        return {**merged(self._base, given), "skeleton": skeleton}

    def places(self, heading: str) -> list[Place]:
        """The fields under a heading, with their units."""
        return [(self[setting.place], setting.unit) for setting in self._laid_out[heading]]

    def _of_part(
        self, part: str, declared: Iterable[Setting], named: Collection[str]
    ) -> list[Setting]:
        """A setting, or those of a whole part that are not named elsewhere."""
        return [
            setting
            for setting in declared
            if setting.place == part
            or (setting.place.startswith(f"{part}.") and setting.place not in named)
            if setting.place not in self.hidden
            and (not self._is_adopted or _is_of_adopted(setting.place))
        ]

    def _offered(self, place: str) -> Mapping[str, str] | None:
        # An adopted network is what it is, and none can be made up here.
        if place == "skeleton.family" and self._is_adopted:
            return {AdoptedConfig.family: AdoptedConfig.family}
        return self.offered.get(place)

    @property
    def _is_adopted(self) -> bool:
        return bool(self._base["skeleton"]["family"] == AdoptedConfig.family)

    def _skeleton(self, given: Document) -> Document:
        """The skeleton of the family that was chosen; fields of other families are left out."""
        base, family = self._base["skeleton"], given["family"]
        if base["family"] != family:
            of_images = {name: base[name] for name in ("image", "classes")}
            base = {**FAMILIES[family]().to_json(), **of_images}
        known = {name: value for name, value in given.items() if name in base and value is not None}
        if "blocks" in known and not isinstance(base["blocks"], list | tuple):
            if len(known["blocks"]) > 1:
                reason = f"one number: all stages of a {family} have as many blocks"
                raise ProductError(
                    f"Blocks: {reason}.", "unusable", fields={"skeleton.blocks": reason}
                )
            known["blocks"] = known["blocks"][0]
        return {**base, **known}


def _is_of_adopted(place: str) -> bool:
    """Whether an adopted network has the setting: its sizes are its own."""
    return not place.startswith("skeleton.") or place in _OF_ADOPTED


def field_of(setting: Setting, offered: Mapping[str, str] | None = None) -> forms.Field:
    """The field in which a setting is typed. It judges nothing that the declaration judges.

    Args:
        offered: choices with their labels, where they are not all or called otherwise.
    """
    labels = offered or {choice: choice.replace("_", " ") for choice in setting.choices}
    common: dict[str, Any] = {
        "label": setting.label,
        "help_text": _help(setting),
        "required": not (setting.optional or setting.variants),
    }
    field = _field(setting.kind, list(labels.items()), common)
    if setting.variants:
        field.widget.attrs["data-variants"] = " ".join(setting.variants)
        field.widget.attrs["data-chosen-by"] = setting.chosen_by
    return field


def _field(kind: Kind, choices: list[tuple[str, str]], common: dict[str, Any]) -> forms.Field:
    match kind:
        case Kind.INTEGER:
            return forms.IntegerField(**common)
        case Kind.NUMBER:
            return forms.FloatField(**common)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=choices, **common)
        case Kind.CHOICES:
            widget = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
        case Kind.FLAG:
            return forms.BooleanField(**{**common, "required": False})
        case Kind.INTEGERS:
            return forms.RegexField(_INTEGERS, error_messages=_NOT_INTEGERS, **common)
    return forms.CharField(**common)


def _help(setting: Setting) -> str:
    return "; ".join(filter(None, (setting.explained, "may be empty" if setting.optional else "")))


def value_of(setting: Setting, typed: Any) -> Any:
    """The setting's value as JSON, from what was typed."""
    if setting.kind is Kind.INTEGERS and typed:
        return [int(part) for part in str(typed).split(",")]
    return None if typed == "" else typed


def shown(setting: Setting, value: Any) -> Any:
    """What the field shows of a value."""
    if setting.kind is Kind.INTEGERS and isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value
