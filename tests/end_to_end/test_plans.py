"""The plan of the launch form follows the data set that is chosen in it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.prepared import *  # noqa: F403 - fixtures
from tests.webapp.conftest import clothing
from webapp.datasets.models import Dataset

__all__ = ["clothing"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_plan_follows_the_data_set_unless_something_else_was_changed(
    opened: Page, digits: Dataset, clothing: Dataset
) -> None:
    opened.goto("/searches/new/?dataset=digits&minutes=5")
    expect(opened.locator("#plan")).to_contain_text("For 1,797 small grey pictures (8 × 8")
    opened.get_by_label("Data set").select_option("clothing")
    expect(opened.locator("#plan")).to_contain_text("For 25,000 small grey pictures (28 × 28")
    expect(opened).to_have_url(re.compile(r"dataset=clothing&minutes=5$"))

    opened.get_by_label("Trials", exact=True).fill("7")
    opened.get_by_label("Data set").select_option("digits")
    expect(opened.locator("#plan-link")).to_have_attribute("href", "?dataset=digits&minutes=5")
    expect(opened.get_by_label("Trials", exact=True)).to_have_value("7")
    opened.locator("#plan-link").click()
    expect(opened.locator("#plan")).to_contain_text("For 1,797 small grey pictures")
