"""The launch form: every setting of a search. It reads text; the declaration judges."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q

from search_engine.spec import SEARCHED_OPERATIONS, skeleton_from_json
from search_engine.spec.errors import SearchEngineError
from search_engine.spec.fields import Setting, settings_of_type
from search_engine.spec.objective import USUAL_WEIGHT, WANTED, CostKind, CostRule
from search_engine.spec.presets import PRESETS
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.strategy_settings import ABOUT, KINDS
from webapp.checkpoints.models import Checkpoint, Origin
from webapp.checkpoints.selectors import visible_to
from webapp.datasets.selectors import usable_datasets, visible_datasets
from webapp.dotted import merged
from webapp.errors import ProductError, add_to_form
from webapp.forms import ConfigForm, Document, Place
from webapp.searches import services

_MAIN, _DATA, _START, _OBJECTIVE = "", "Data", "Start network", "Objective"
_OF_COST = {
    "target": "above it, the reward is lowered",
    "limit": "above it, the reward is 0",
    "weight": f"of the target: how steeply; empty: {USUAL_WEIGHT}",
}
"""What can be set for each cost, and what it does."""


class LaunchForm(ConfigForm):
    """Name, data set, preset, and every setting of a `SearchConfig` under its dotted name.

    Args:
        base: the document that the fields are filled from, and that hidden settings come from.
    """

    config_type = SearchConfig
    layout = {  # noqa: RUF012  # as the base declares it
        _MAIN: ("strategy", "budget.max_trials", "parallel"),
        _DATA: ("data",),
        _START: ("skeleton",),
        "Training of the start network": ("start_rounds", "start_recipe"),
        "Search space": ("search_space",),
        "Strategy": ("strategy_settings", "inherit", "seed"),
        "New parts": ("morph",),
        "Training of children": ("recipe",),
        "Control and results": ("control", "confirmation", "keep", "measure_latency"),
        "Early stopping and limits": (
            *("early_stopping", "budget.max_compute", "budget.max_epochs", "budget.max_seconds"),
        ),
        _OBJECTIVE: ("measure",),
    }
    hidden = frozenset(
        {
            "data.name",  # a choice of what there is
            "start_cell",  # that of the network it starts from
            *("skeleton.image", "skeleton.classes"),  # those of the data set
            *("skeleton.widths", "skeleton.extra_layers"),  # what transformations have changed
            *("search_space.start_edge", "search_space.groups"),  # those of the skeleton
            # A start network has no parent, and so no new parts and no gates to open.
            *("start_recipe.annealing", "start_recipe.new_rate", "start_recipe.teacher_weight"),
        }
    )
    offered = {  # noqa: RUF012
        "search_space.operations": {name: name.replace("_", " ") for name in SEARCHED_OPERATIONS}
    }

    name = forms.CharField(max_length=120, label="Name")
    preset = forms.ChoiceField(
        choices=[(name, name) for name in PRESETS], required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, user: AbstractBaseUser, base: Document, **kwargs: Any) -> None:
        own = {
            "data.name": base["data"]["name"],
            **{setting.place: setting.default for setting in _of_strategies()},
            **{f"strategy_settings.{name}": v for name, v in base["strategy_settings"].items()},
            **_initial_terms(base["objective"]),
        }
        kwargs["initial"] = {**own, **(kwargs.get("initial") or {})}
        super().__init__(*args, base=base, **kwargs)
        self._user = user
        self.fields["data.name"] = _dataset_field(user, self.initial["data.name"])
        self.fields["start_checkpoint"] = self._start_field()
        if self.is_grown:
            fixed = "Its start network has grown: only grow can go on from there"
            self.fields["strategy"].help_text = fixed
        for cost in WANTED:
            for part, help_text in _OF_COST.items():
                self.fields[f"objective.{cost}.{part}"] = forms.FloatField(
                    required=False, label=f"{cost.label}, {part}", help_text=help_text
                )

    def declared(self) -> Iterable[Setting]:
        """Every setting; those of a strategy are shown where it is chosen."""
        for setting in super().declared():
            if setting.place == "strategy_settings":
                yield from _of_strategies()
            elif setting.place == "inherit":
                others = tuple(name for name in KINDS if name != "grow")
                yield replace(setting, variants=others, chosen_by="strategy")
            else:
                yield setting

    def document(self) -> Document:
        """The config as JSON; not yet judged."""
        document = super().document()
        data = {**document["data"], "name": self.cleaned_data["data.name"]}
        changes = {
            "data": data,
            "objective": _terms_of(self.cleaned_data),
            "strategy_settings": self._strategy_settings(document),
            "inherit": document["inherit"] or document["strategy"] == "grow",  # which asks not
        }
        return _with_start_edge({**document, **changes})

    def clean(self) -> Document:
        """Let the declaration judge; its reasons go beside the fields."""
        super().clean()
        # A name that is not there yet keeps nobody from seeing what the settings come to.
        if not set(self.errors) - {"name"}:
            try:
                config, _ = services.checked(self.document(), self._user)
                start = self.cleaned_data.get("start_checkpoint")
                if start is not None:
                    config = services.started_from(start, config)
                    services.check_start(start, config)
                self.cleaned_data["config"] = config
            except ProductError as error:
                add_to_form(self, self._at_its_cost(error))
        return self.cleaned_data

    def main(self) -> list[Place]:
        """The fields that are always open, each with its unit."""
        return [(self["data.name"], ""), *self.places(_MAIN)]

    def groups(self) -> list[tuple[str, list[Place]]]:
        """Headings of the advanced part, with their fields and units."""
        found = {heading: self.places(heading) for heading in self.layout if heading != _MAIN}
        found[_START].insert(0, (self["start_checkpoint"], ""))
        found[_OBJECTIVE] += [
            (self[f"objective.{cost}.{part}"], "" if part == "weight" else cost.unit)
            for cost in WANTED
            for part in _OF_COST
        ]
        return list(found.items())

    @property
    def strategies(self) -> list[tuple[str, str]]:
        """Each strategy that may be chosen, with what it does."""
        offered = self._offered("strategy") or ABOUT
        return [(name, text) for name, text in ABOUT.items() if name in offered]

    @property
    def is_grown(self) -> bool:
        """Whether it starts from a network that has grown already."""
        return self._base.get("start_cell") is not None

    def _offered(self, place: str) -> Mapping[str, str] | None:
        if place == "strategy" and self.is_grown:
            return {"grow": "grow"}
        return super()._offered(place)

    def _start_field(self) -> "forms.ModelChoiceField[Checkpoint]":
        """Networks that have not grown, and the one that a link has named; a grown one is fixed."""
        named = Q(pk=self.initial.get("start_checkpoint"))
        usual = Q(origin__in=[Origin.START, Origin.UPLOAD])
        starts = visible_to(self._user).filter(can_start=True)
        return forms.ModelChoiceField(
            starts.filter(named if self.is_grown else named | usual),
            required=self.is_grown,
            label="Trained start network",
            empty_label=None if self.is_grown else "train one",
        )

    def _strategy_settings(self, document: Document) -> Document:
        """The settings of the chosen strategy that are not the default."""
        before = self._base.get("strategy_settings", {})
        return {
            setting.place: value
            for setting in settings_of_type(KINDS[document["strategy"]])
            if (value := document["strategy_settings"].get(setting.place)) is not None
            if setting.place in before or value != setting.default
        }

    def _at_its_cost(self, error: ProductError) -> ProductError:
        """The error with the places of an objective's terms as the form calls them."""
        fields = dict(error.fields)
        for index, term in enumerate(_terms_of(self.cleaned_data)):
            for part, name in (("value", term["rule"]), ("weight", "weight")):
                reason = fields.pop(f"objective.{index}.{part}", None)
                if reason is not None:
                    fields[f"objective.{term['cost']}.{name}"] = reason
        return ProductError(error.message, error.code, fields)


def _of_strategies() -> Iterable[Setting]:
    """The settings of all strategies, each shown where its strategy is chosen."""
    for name, kind in KINDS.items():
        for setting in settings_of_type(kind):
            place = f"strategy_settings.{setting.place}"
            yield replace(setting, place=place, variants=(name,), chosen_by="strategy")


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


def _with_start_edge(document: Document) -> Document:
    """The space starts from the skeleton's own cell: nobody has to say it twice."""
    try:
        skeleton = skeleton_from_json(document["skeleton"])
    except SearchEngineError:
        return document  # refused later, with its reason
    (edge,) = skeleton.start_cell.root.branches
    space = {"start_edge": edge.operation.value, "groups": skeleton.groups}
    return merged(document, {"search_space": space})


def _terms_of(cleaned: Mapping[str, Any]) -> list[Document]:
    """The objective's terms."""
    return [
        {
            "cost": cost.value,
            "rule": rule.value,
            "value": value,
            "weight": _weight(cleaned, cost, rule),
        }
        for cost in WANTED
        for rule in CostRule
        if (value := cleaned.get(f"objective.{cost}.{rule}")) is not None
    ]


def _weight(cleaned: Mapping[str, Any], cost: CostKind, rule: CostRule) -> float:
    given = cleaned.get(f"objective.{cost}.weight") if rule is CostRule.TARGET else None
    return USUAL_WEIGHT if given is None else float(given)


def _initial_terms(terms: list[Document]) -> Document:
    """What the fields of the objective show of it."""
    initial: Document = {}
    for term in terms:
        initial[f"objective.{term['cost']}.{term['rule']}"] = term["value"]
        if term["rule"] == CostRule.TARGET:
            initial[f"objective.{term['cost']}.weight"] = term["weight"]
    return initial
