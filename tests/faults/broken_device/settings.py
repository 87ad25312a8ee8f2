"""Espalier's settings, with a GPU that breaks off under the first trial."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.broken_device.apps.BrokenDevice"]
