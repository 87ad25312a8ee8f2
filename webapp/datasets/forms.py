"""Forms of data sets."""

import zipfile
from collections.abc import Mapping

from django import forms

from webapp.datasets.answers import Document, names_change, of_upload, questions
from webapp.datasets.files import ENDINGS, RESIZE_PIXELS
from webapp.datasets.models import MAX_NAME, Dataset, Look
from webapp.datasets.uploads import StreamedFile

NOT_AN_ARCHIVE = (
    "This is no archive that can be read. Pack the folder of pictures as .zip, .tar, .tar.gz or"
    " .tar.zst."
)
SIZES = [
    ("", "Suggested from the pictures"),
    *((str(side), f"{side} × {side} pixels") for side in RESIZE_PIXELS),
]


_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257


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
        help_text="A search needs images of one size: where yours differ, they are brought to it.",
        error_messages={"invalid_choice": "Choose one of the sizes offered."},
    )


class UploadForm(ResizeForm):
    """An archive of pictures."""

    file = forms.FileField(
        label="Archive",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
        error_messages={
            "required": "Choose a file.",
            "empty": "This file is empty.",
            "missing": "Choose a file.",
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
    look = forms.ChoiceField(
        label="Before it is prepared",
        choices=Look.choices,
        required=False,
        help_text="What is unclear is always asked. Classes can be renamed, merged and left out"
        " while you look.",
    )
    field_order = ("file", "name", "look", "resize_pixels", "licence", "source")

    def clean_look(self) -> str:
        return self.cleaned_data["look"] or Look.NEVER

    def clean_file(self) -> StreamedFile:
        file: StreamedFile = self.cleaned_data["file"]
        # What it really is a worker says; here only what is clearly nothing of the kind is refused.
        if not (file.name or "").lower().endswith(ENDINGS) and not _begins_like_one(file):
            raise forms.ValidationError(NOT_AN_ARCHIVE)
        return file


def _begins_like_one(file: StreamedFile) -> bool:
    file.seek(0)
    head = file.read(_TAR_MARK_AT + len(_TAR_MARK))
    return (
        head.startswith(_COMPRESSED) or head[_TAR_MARK_AT:] == _TAR_MARK or zipfile.is_zipfile(file)
    )


def answers_in(dataset: Dataset, form: Mapping[str, str]) -> Document:
    """What the page's form says, to be laid over the answers so far.

    It has the classes of one page only; the names of the others stay as they are.
    """
    given: Document = {
        question.code: form[question.code]
        for question in questions(dataset.asked)
        if form.get(question.code)
    }
    for name in ("fit", "ground", "copies"):
        if form.get(name):
            given[name] = form[name]
    for name in ("height", "width"):
        if name in form:
            given[name] = _whole(form[name])
    before = of_upload(dataset)
    if not names_change(before, {**before, **given}):
        given |= _names_in(dataset, form, before)
    return given


def _names_in(dataset: Dataset, form: Mapping[str, str], before: Document) -> Document:
    renamed: dict[str, str] = dict(before.get("renamed", {}))
    out = list(before.get("left_out", []))
    for place, one in enumerate(dataset.classes_found):
        name, new = one["name"], form.get(f"name-{place}")
        if new is None:
            continue
        renamed.pop(name, None)
        out = [other for other in out if other != name]
        if (new := _printable(new)) and new != name:
            renamed[name] = new
        if f"keep-{place}" not in form:
            out.append(name)
    return {"renamed": renamed, "left_out": out}


def _printable(text: str) -> str:
    """Single spaces, and none in place of what cannot be seen."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _whole(text: str) -> int | str | None:
    return int(text) if text.strip().isdecimal() else text.strip() or None
