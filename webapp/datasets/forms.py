"""Forms of data sets."""

import zipfile

from django import forms

from webapp.datasets.limits import RESIZE_PIXELS
from webapp.datasets.names import MAX_NAME
from webapp.datasets.uploads import StreamedFile

NOT_A_ZIP = "This is not a zip file. Pack a folder of class folders, each with its images, as zip."
SIZES = [("", "As they are"), *((str(side), f"{side} × {side} pixels") for side in RESIZE_PIXELS)]


def _pixels(value: str) -> int | None:
    return int(value) if value else None


class ResizeForm(forms.Form):
    """The size of the images."""

    resize_pixels = forms.TypedChoiceField(
        choices=SIZES,
        coerce=_pixels,
        empty_value=None,
        required=False,
        label="Image size",
        help_text="A search needs images of one size. Resize them here if yours differ.",
        error_messages={"invalid_choice": "Choose one of the sizes offered."},
    )


class UploadForm(ResizeForm):
    """A zip of images in class folders."""

    file = forms.FileField(
        label="Zip file",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={
            "required": "Choose a zip file.",
            "empty": "This file is empty.",
            "missing": "Choose a zip file.",
        },
    )
    name = forms.CharField(
        label="Name",
        max_length=MAX_NAME,
        required=False,
        help_text="Left empty, it is called like the file.",
    )
    licence = forms.CharField(label="Licence", max_length=200, required=False)
    source = forms.CharField(
        label="Source", max_length=500, required=False, help_text="Where the images come from."
    )
    field_order = ("file", "name", "resize_pixels", "licence", "source")

    def clean_file(self) -> StreamedFile:
        file: StreamedFile = self.cleaned_data["file"]
        # Only its end is looked at here; a worker opens it.
        if not zipfile.is_zipfile(file):
            raise forms.ValidationError(NOT_A_ZIP)
        return file
