"""Builds one export: `python -m webapp.exports.build_process FOLDER`. No Django.

In a process of its own, because torch.export cannot be asked to stop and leaves much in memory:
this one can be killed, and gives everything back.

FOLDER holds `request.json` with `checkpoint` and `out` (folders) and `kind`, and
`images.safetensors` where there are images; `answer.json` is written into it: {"report": …} or
{"failure": …}.
"""

import json
import sys
from pathlib import Path
from typing import Any

from search_engine.errors import SearchEngineError
from search_engine.export_report import ExportKind
from webapp.process_life import die_with_parent

REQUEST, IMAGES, ANSWER = "request.json", "images.safetensors", "answer.json"


def main(folder: Path) -> None:
    """Do what the request asks for; what the network or the libraries refuse is an answer too."""
    die_with_parent()
    # Only now: they take seconds, in which the worker may be killed.
    import torch
    from safetensors.torch import load_file

    from search_engine.export import build_export

    torch.set_num_threads(1)
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    images = folder / IMAGES
    answer: dict[str, Any]
    try:
        report = build_export(
            Path(request["checkpoint"]),
            ExportKind(request["kind"]),
            Path(request["out"]),
            load_file(images)["images"] if images.exists() else None,
        )
        answer = {"report": report.to_json()}
    except SearchEngineError as error:
        answer = {"failure": str(error)}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
