"""The page of the documentation that lists every setting: `python -m` this module prints it."""

from search_engine.spec.fields import settings_of_type, table
from search_engine.spec.final_training import FinalTrainingConfig
from search_engine.spec.search_config import SearchConfig
from search_engine.spec.strategy_settings import KINDS

_PAGE = """# Settings

Every setting with its default, its limits and its unit, as the code declares it. The command
`python -m search_engine.spec.settings_page > docs/settings.md` writes this page anew.

## A search

Dotted names are places in the JSON of a config: `recipe.epochs` is `{{"recipe": {{"epochs": …}}}}`.
An objective is an array of costs, each `{{"cost", "rule", "value", "weight"}}`.

{search}
## Strategies

Each goes into `strategy_settings` of a search by its name.

{strategies}
## A final training

`cell` is the cell as JSON; what it starts from is in `weights`.

{training}"""


def settings_page() -> str:
    """The page as Markdown."""
    strategies = [
        f"### {name}\n\n{table(settings)}"
        for name, kind in KINDS.items()
        if (settings := settings_of_type(kind))
    ]
    return _PAGE.format(
        search=table(settings_of_type(SearchConfig)),
        strategies="\n".join(strategies),
        training=table(s for s in settings_of_type(FinalTrainingConfig) if s.place != "cell"),
    )


if __name__ == "__main__":
    import sys

    sys.stdout.write(settings_page())
