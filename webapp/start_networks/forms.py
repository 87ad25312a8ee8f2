"""The form of a network of one's own: which fields count depends on where it comes from."""

import zipfile
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files import File

from search_engine.architecture import TORCHVISION_MODELS
from webapp.searches.datasets import usable_datasets
from webapp.start_networks.models import Source
from webapp.start_networks.names import CHECKPOINT, PROGRAM, WEIGHTS

HEADER_BYTES = 8
MAX_HEADER_BYTES = 100 << 20
NOT_ZIP = "This is not such a file: {what} is a zip inside, and this is none."
NOT_SAFETENSORS = (
    "This is not a safetensors file. Write one with safetensors.torch.save_file(state_dict, path):"
    " pickled weights (.pt, .pth) are never opened."
)
NEEDED: dict[str, dict[str, str]] = {
    Source.TORCHVISION: {
        "model": "Choose a model.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.PROGRAM: {
        "program": "Choose a .pt2 file, as torch.export.save writes it.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.CHECKPOINT: {"checkpoint": "Choose the zip of a checkpoint."},
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
        help_text="A state dict. Empty: those in the program, or fresh ones.",
        widget=forms.FileInput(attrs={"accept": ".safetensors"}),
    )
    checkpoint = forms.FileField(
        required=False,
        label="Checkpoint (.zip)",
        help_text="As a search or the command line wrote it: weights and architecture.",
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
    dataset = forms.ChoiceField(
        required=False,
        label="Data set",
        help_text="Its images' shape and its number of classes; the last layer is drawn anew.",
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
        return _zipped(self.cleaned_data.get("program"), "a program of torch.export.save")

    def clean_checkpoint(self) -> File[Any] | None:
        return _zipped(self.cleaned_data.get("checkpoint"), "a checkpoint as it is downloaded")

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
        return self.cleaned_data

    def asked(self) -> dict[str, Any]:
        """What `services.add` takes."""
        given, source = self.cleaned_data, Source(self.cleaned_data["source"])
        fields = {Source.TORCHVISION: (), Source.PROGRAM: ("program",)}
        kept = {"program": PROGRAM, "weights": WEIGHTS, "checkpoint": CHECKPOINT}
        wanted = ("checkpoint",) if source == Source.CHECKPOINT else (*fields[source], "weights")
        return {
            "source": source,
            "name": given["name"],
            "model": given["model"] if source == Source.TORCHVISION else "",
            "dataset": self._datasets.get(given["dataset"]),
            "uploads": {kept[field]: given[field] for field in wanted if given.get(field)},
        }


def _zipped(file: File[Any] | None, what: str) -> File[Any] | None:
    if file is not None:
        # Only its end is looked at here; a worker opens it.
        if not zipfile.is_zipfile(file):
            raise forms.ValidationError(NOT_ZIP.format(what=what))
        file.seek(0)
    return file
