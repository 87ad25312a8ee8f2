"""Static files: how they are collected, and which scripts a page names in its head."""

import functools
import posixpath
import re

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from whitenoise.storage import CompressedManifestStaticFilesStorage

register = template.Library()

IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;"'(]*["'](\.[^"']+)["'];""", re.MULTILINE)
_MODULES = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the names in imports of JavaScript modules too: in ours, and in what we vendored.

    Others' files, such as those of Django's apps, have comments that look like imports.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _MODULES)
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("vendor/*.js", _MODULES))


@register.simple_tag
def module_preloads(entry: str) -> SafeString:
    """A link for each module that the entry imports, itself included; those asked for later apart.

    The browser need not find them one import at a time.

    Args:
        entry: path of a module under `static/`.
    """
    found = modules_of(entry) if settings.DEBUG else _kept(entry)
    links = ((static(name),) for name in found)
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)


def modules_of(entry: str) -> tuple[str, ...]:
    """The entry and all that it imports, in the order in which they are met."""
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        path = finders.find(name)
        if name in found or not path:
            continue
        found[name] = None
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - what finders give is a string
            here = posixpath.dirname(name)
            waiting += [
                posixpath.normpath(posixpath.join(here, other))
                for other in IMPORT.findall(file.read())
            ]
    return tuple(found)


_kept = functools.cache(modules_of)
