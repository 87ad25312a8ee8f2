"""Where collected static files go: compressed, and named after their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_MODULES = CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the names in imports of JavaScript modules too: in ours, and in what we vendored.

    Others' files, such as those of Django's apps, have comments that look like imports.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = ("js/*.js", _MODULES)
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("vendor/*.js", _MODULES))
