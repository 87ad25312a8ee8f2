"""Exports: a checkpoint in a form that runs without Espalier, and the check that it is the same."""

from search_engine.export.build import MAX_COMPARED, build_export
from search_engine.export_report import ExportedFile, ExportKind, ExportReport

__all__ = ["MAX_COMPARED", "ExportKind", "ExportReport", "ExportedFile", "build_export"]
