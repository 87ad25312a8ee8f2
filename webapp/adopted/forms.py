"""The form of a network of one's own: which fields count depends on where it comes from."""

import zipfile
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files import File

from search_engine.spec import TORCHVISION_MODELS
from search_engine.spec.documents import MAX_DOCUMENT_BYTES
from webapp.adopted.names import (
    CHECKPOINT,
    DESCRIPTION,
    ONNX,
    PROGRAM,
    WEIGHTS,
    Normalised,
    Published,
    Source,
)
from webapp.datasets.selectors import usable_datasets

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
WEIGHTS_CHOSEN_TWICE = "Choose a file here, or published weights above."
NOT_OF_TIMM = "timm names its weights by what comes after a dot, as in resnet18.a1_in1k."
TIMM_NAME = r"^[a-z0-9_]{2,60}(\.[A-Za-z0-9_]{1,60})?$"
TIMM_EXAMPLES = (
    "convnext_atto.d2_in1k",
    "efficientnet_b0.ra_in1k",
    "mobilenetv3_small_100.lamb_in1k",
    "regnety_004.pycls_in1k",
    "resnet18.a1_in1k",
    "resnet50.a1_in1k",
    "resnext50_32x4d.a1h_in1k",
    "tf_efficientnetv2_b0.in1k",
)
WEIGHTS_MISSING = "Choose the weights.safetensors that belong to this JSON."
WEIGHTS_TWICE = "The zip holds its weights: leave this empty, or choose the JSON above."
NEEDED: dict[str, dict[str, str]] = {
    Source.TORCHVISION: {
        "model": "Choose a model.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.TIMM: {
        "timm_model": "Type the name of a model.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.ONNX: {
        "onnx": "Choose an .onnx file.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.PROGRAM: {
        "program": "Choose a .pt2 file, as torch.export.save writes it.",
        "dataset": "Choose the data set that it is for.",
    },
    Source.CHECKPOINT: {"checkpoint": "Choose the zip of a checkpoint, or its JSON."},
}


class Suggestions(forms.TextInput):
    """A text that may be one of several, or another."""

    template_name = "adopted/_suggestions.html"

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(attrs={"list": "timm-models", "autocomplete": "off"})
        self.texts = texts

    def get_context(self, *args: Any) -> dict[str, Any]:
        return {**super().get_context(*args), "texts": self.texts}


class AdoptedNetworkForm(forms.Form):
    """A model of torchvision or timm, a program, an ONNX file, or a checkpoint of Espalier.

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
    timm_model = forms.RegexField(
        TIMM_NAME,
        required=False,
        label="Model",
        help_text="timm's name, such as resnet18, or resnet18.a1_in1k for one of several weights."
        " It must be installed where workers run: pip install timm.",
        error_messages={"invalid": "Expected a name such as resnet18 or resnet18.a1_in1k."},
        widget=Suggestions(TIMM_EXAMPLES),
    )
    onnx = forms.FileField(
        required=False,
        label="Network (.onnx)",
        help_text="One file with its weights, for images of one size and any number of them. It is"
        " read as data: nothing in it is run.",
        widget=forms.FileInput(attrs={"accept": ".onnx"}),
    )
    program = forms.FileField(
        required=False,
        label="Program (.pt2)",
        help_text="Of torch.export.save. It is read as data: nothing in it is run or unpickled.",
        widget=forms.FileInput(attrs={"accept": ".pt2"}),
    )
    pretrained = forms.ChoiceField(
        required=False,
        label="Starts from",
        choices=[("", "Fresh weights, or a file below"), *Published.choices],
        help_text="A worker fetches them, or finds them in its folder of weights; their hash is"
        " checked, and their licence shown before they are used.",
    )
    normalisation = forms.ChoiceField(
        required=False,
        label="Normalisation that its weights want",
        choices=[("", "The data set's own"), *Normalised.choices],
        help_text="How its training normalised images. Published weights bring their own.",
    )
    weights = forms.FileField(
        required=False,
        label="Weights (.safetensors)",
        help_text="A state dict. Empty: those chosen above, or in the file or the zip.",
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
        self._check_weights()
        return self.cleaned_data

    def _check_pair(self) -> None:
        """A zip holds its weights; a JSON needs them beside it."""
        given = self.cleaned_data
        checkpoint, weights = given.get("checkpoint"), given.get("weights")
        if given.get("source") != Source.CHECKPOINT or not checkpoint or "weights" in self.errors:
            return
        if _is_zip(checkpoint) == bool(weights):
            self.add_error("weights", WEIGHTS_TWICE if weights else WEIGHTS_MISSING)

    def _check_weights(self) -> None:
        given = self.cleaned_data
        if given.get("source") not in (Source.TORCHVISION, Source.TIMM):
            return
        if given.get("pretrained") and given.get("weights"):
            self.add_error("weights", WEIGHTS_CHOSEN_TWICE)
        if given["source"] == Source.TIMM and given.get("pretrained") not in ("", Published.BEST):
            self.add_error("pretrained", NOT_OF_TIMM)

    def asked(self) -> dict[str, Any]:
        """What `services.add` takes."""
        given, source = self.cleaned_data, Source(self.cleaned_data["source"])
        named = {Source.TORCHVISION: "model", Source.TIMM: "timm_model"}.get(source)
        own = None if named else given.get(source.value)
        is_json = source == Source.CHECKPOINT and own is not None and not _is_zip(own)
        kept = {
            "program": PROGRAM,
            "onnx": ONNX,
            "checkpoint": DESCRIPTION if is_json else CHECKPOINT,
            "weights": WEIGHTS,
        }
        return {
            "source": source,
            "name": given["name"] or (PurePath(own.name).stem if own else ""),
            "model": given[named] if named else "",
            "pretrained": given["pretrained"] if named else "",
            "normalisation": "" if given["pretrained"] and named else given["normalisation"],
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
