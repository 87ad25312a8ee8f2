"""Exports: a checkpoint in a format that runs without Espalier, checked to compute the same."""

from search_engine.export.build import build_export
from search_engine.export.compared import MAX_IMAGES, Compared
from search_engine.spec.export_form import ExportForm, ExportKind, Precision
from search_engine.spec.export_report import ExportReport
