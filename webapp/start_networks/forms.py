"""The form of a network of one's own: which fields count depends on where it comes from."""

import zipfile
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files import File

from search_engine.architecture import TORCHVISION_MODELS
from search_engine.architecture.documents import MAX_DOCUMENT_BYTES
from webapp.searches.datasets import usable_datasets
from webapp.start_networks.models import Source
from webapp.start_networks.names import CHECKPOINT, DESCRIPTION, PROGRAM, WEIGHTS

HEADER_BYTES = 8
MAX_HEADER_BYTES = 100 << 20
MAX_SPACE_BYTES = 100
NOT_PROGRAM = (
    "This is no program of torch.export, or it was cut short. Write it once more with"
    " torch.export.save(torch.export.export(network, (images,)), path): pickled networks"
    " (.pt, .pth) are never opened."
)
NOT_CHECKPOINT = (
    "This is neither the zip of a checkpoint nor its JSON, or it was cut short. Download it once"
    " more: pickled networks (.pt, .pth) are never opened."
)
NOT_SAFETENSORS = (
    "This is not a safetensors file. Write one with safetensors.torch.save_file(state_dict, path):"
    " pickled weights (.pt, .pth) are never opened."
)
WEIGHTS_MISSING = "Choose the weights.safetensors that belong to this JSON."
WEIGHTS_TWICE = "The zip holds its weights: leave this empty, or choose the JSON above."
NEEDED: dict[str, dict[str, str]] = {
    Source.TORCHVISION: {
        "model": "Choose a model.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.PROGRAM: {
        "program": "Choose a .pt2 file, as torch.export.save writes it.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.CHECKPOINT: {"checkpoint": "Choose the zip of a checkpoint, or its JSON."},
}


class StartNetworkForm(forms.Form):
    """A torchvision model, an exported program, or a checkpoint of Espalier.

    Args:
        user: who adds it; their data sets are offered.
    """

    source = forms.ChoiceField(
        choices=Source.choices, widget=forms.RadioSelect, initial=Source.TORCHVISION
    )
    model = forms.ChoiceField(
        required=False,
        label="Model",
        choices=[("", "Choose a model"), *((name, name) for name in TORCHVISION_MODELS)],
        help_text=f"All {len(TORCHVISION_MODELS)} classifiers of torchvision that have a 3×3"
        " convolution; ViT, Swin and ConvNeXt have none.",
    )
    program = forms.FileField(
        required=False,
        label="Program (.pt2)",
        help_text="Of torch.export.save. It is read as data: nothing in it is run or unpickled.",
        widget=forms.FileInput(attrs={"accept": ".pt2"}),
    )
    weights = forms.FileField(
        required=False,
        label="Weights (.safetensors)",
        help_text="A state dict. Empty: those in the program or the zip, or fresh ones.",
        widget=forms.FileInput(attrs={"accept": ".safetensors"}),
    )
    checkpoint = forms.FileField(
        required=False,
        label="Checkpoint (.zip or .json)",
        help_text="A zip as it was downloaded; or checkpoint.json or an architecture as JSON, with"
        " its weights below.",
        widget=forms.FileInput(attrs={"accept": ".zip,.json"}),
    )
    dataset = forms.ChoiceField(
        required=False,
        label="Data set",
        help_text="Its images' shape and its number of classes; the last layer is drawn anew"
        " where the classes differ.",
    )
    name = forms.CharField(max_length=120, required=False, label="Name")

    def __init__(self, *args: Any, user: AbstractBaseUser, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self._datasets = {d.engine_name: d for d in usable_datasets(user)}
        names = [(name, dataset.name) for name, dataset in self._datasets.items()]
        self.fields["dataset"] = forms.ChoiceField(
            choices=[("", "Choose a data set"), *names],
            required=False,
            label=self.fields["dataset"].label,
            help_text=self.fields["dataset"].help_text,
        )

    def clean_program(self) -> File[Any] | None:
        file: File[Any] | None = self.cleaned_data.get("program")
        if file is not None and not _is_zip(file):
            raise forms.ValidationError(NOT_PROGRAM)
        return file

    def clean_checkpoint(self) -> File[Any] | None:
        file: File[Any] | None = self.cleaned_data.get("checkpoint")
        if file is not None and not _is_zip(file) and not _may_be_json(file):
            raise forms.ValidationError(NOT_CHECKPOINT)
        return file

    def clean_weights(self) -> File[Any] | None:
        file: File[Any] | None = self.cleaned_data.get("weights")
        if file is not None:
            length = int.from_bytes(file.read(HEADER_BYTES), "little")
            is_header = file.read(1) == b"{"
            file.seek(0)
            if not is_header or length > min(MAX_HEADER_BYTES, file.size):
                raise forms.ValidationError(NOT_SAFETENSORS)
        return file

    def clean(self) -> dict[str, Any]:
        """Ask for what this source needs, and for nothing else."""
        super().clean()
        for field, sentence in NEEDED.get(self.cleaned_data.get("source", ""), {}).items():
            if field not in self.errors and not self.cleaned_data.get(field):
                self.add_error(field, sentence)
        self._check_pair()
        return self.cleaned_data

    def _check_pair(self) -> None:
        """A zip holds its weights; a JSON needs them beside it."""
        given = self.cleaned_data
        checkpoint, weights = given.get("checkpoint"), given.get("weights")
        if given.get("source") != Source.CHECKPOINT or not checkpoint or "weights" in self.errors:
            return
        if _is_zip(checkpoint) == bool(weights):
            self.add_error("weights", WEIGHTS_TWICE if weights else WEIGHTS_MISSING)

    def asked(self) -> dict[str, Any]:
        """What `services.add` takes."""
        given, source = self.cleaned_data, Source(self.cleaned_data["source"])
        own = given.get(source.value)  # none of torchvision
        is_json = source == Source.CHECKPOINT and own is not None and not _is_zip(own)
        kept = {
            "program": PROGRAM,
            "checkpoint": DESCRIPTION if is_json else CHECKPOINT,
            "weights": WEIGHTS,
        }
        return {
            "source": source,
            "name": given["name"] or (PurePath(own.name).stem if own else ""),
            "model": given["model"] if source == Source.TORCHVISION else "",
            "dataset": self._datasets.get(given["dataset"]),
            "uploads": {
                kept[field]: given[field]
                for field in (source.value, "weights")
                if field in kept and given.get(field)
            },
        }


def _is_zip(file: File[Any]) -> bool:
    # Only its end is looked at here; a worker opens it.
    found = zipfile.is_zipfile(file)
    file.seek(0)
    return found


def _may_be_json(file: File[Any]) -> bool:
    begins = file.read(MAX_SPACE_BYTES).lstrip()[:1]
    file.seek(0)
    return file.size <= MAX_DOCUMENT_BYTES and begins == b"{"
