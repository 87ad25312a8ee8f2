"""Forms of exports and their names."""

import pytest

from search_engine.spec.errors import InvalidConfig
from search_engine.spec.export_form import USUAL_FORMS, ExportForm, ExportKind, Precision


@pytest.mark.parametrize("kind", ExportKind)
def test_a_usual_form_is_called_as_its_format_is(kind: ExportKind) -> None:
    assert ExportForm(kind).name == kind and ExportForm.named(kind) == ExportForm(kind)


@pytest.mark.parametrize("form", USUAL_FORMS, ids=lambda form: form.name)
def test_a_name_says_all_that_was_chosen(form: ExportForm) -> None:
    assert ExportForm.named(form.name) == form
    assert ExportForm.from_json(form.to_json()) == form


def test_another_opset_stands_in_the_name() -> None:
    form = ExportForm(ExportKind.ONNX, Precision.INT8, preprocessing=True, opset=20)
    assert form.name == "onnx-image-int8-opset20"
    assert ExportForm.named(form.name) == form


@pytest.mark.parametrize(
    "name", ["", "onn", "onnx-", "onnx-int8-image", "onnx-opset18", "onnx-opset99", "pytorch-int8"]
)
def test_a_name_of_no_form_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(InvalidConfig, match="onnx-image-int8"):
        ExportForm.named(name)


@pytest.mark.parametrize("chosen", [{"precision": "int8"}, {"preprocessing": True}, {"opset": 20}])
def test_only_onnx_can_be_chosen_further(chosen: dict[str, object]) -> None:
    with pytest.raises(InvalidConfig, match="of ONNX only, got pytorch"):
        ExportForm.from_json({"kind": "pytorch", "name": "pytorch", **chosen})


@pytest.mark.parametrize("opset", [17, 24])
def test_an_opset_that_cannot_be_written_is_refused(opset: int) -> None:
    with pytest.raises(InvalidConfig, match="opset"):
        ExportForm(ExportKind.ONNX, opset=opset)
