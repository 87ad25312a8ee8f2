"""Pages of data sets. Signing in is asked for by middleware."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.datasets import selectors, services, uploads
from webapp.datasets.forms import ResizeForm, UploadForm
from webapp.datasets.limits import upload_limit_bytes
from webapp.datasets.models import Dataset
from webapp.datasets.paths import upload_path
from webapp.datasets.sample_names import THUMBNAIL, sample_name
from webapp.errors import ProductError, flattened

CLASSES_PER_PAGE = 50
DATASETS_PER_PAGE = 60


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    pages = Paginator(selectors.visible_datasets(request.user), DATASETS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    uploaded = [dataset for dataset in page if not dataset.is_built_in]
    published = [dataset for dataset in page if dataset.is_built_in]
    context = {
        "page": page,
        "uploaded": uploaded,
        "ready": [dataset for dataset in published if not dataset.is_missing],
        "missing": [dataset for dataset in published if dataset.is_missing],
    }
    return render(request, "datasets/index.html", context)


@require_GET
def detail(request: HttpRequest, dataset_id: int) -> HttpResponse:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    return render(request, "datasets/detail.html", _detail(request, dataset))


def _detail(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    may_change = selectors.may_change(request.user, dataset)
    kept = may_change and not dataset.is_ready and upload_path(dataset.pk).is_file()
    return {
        "dataset": dataset,
        "classes": Paginator(selectors.class_rows(dataset), CLASSES_PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "parts": selectors.parts(dataset),
        "small": selectors.is_small(dataset),
        "may_delete": may_change,
        "may_prepare": not dataset.is_busy and kept,
        "may_look_again": dataset.is_built_in and dataset.state == "failed",
        "resize_form": ResizeForm(initial={"resize_pixels": dataset.resize_pixels or ""}),
    }


# The handler must be in place before anything looks at the form, and CSRF's check looks at it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        uploads.stream_to_disk(request)
        try:
            request.FILES.keys()
        except ProductError as error:
            return _refused(request, error, UploadForm())
    return _checked_upload(request)


@csrf_protect
def _checked_upload(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        fields = dict(flattened(form.errors))
        return _refused(request, ProductError(" ".join(fields.values()), fields=fields), form)
    dataset = services.upload(request.user, **form.cleaned_data)  # type: ignore[arg-type]
    if _wants_json(request):
        return JsonResponse({"location": dataset.get_absolute_url()}, status=201)
    return redirect(dataset)


def _refused(request: HttpRequest, error: ProductError, form: UploadForm) -> HttpResponse:
    """As JSON for the page's script; else the page, which shows what no field shows."""
    if _wants_json(request):
        return JsonResponse(error.body(), status=error.status)
    return _upload_page(request, form, error)


def _upload_page(
    request: HttpRequest, form: UploadForm, error: ProductError | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "limit_bytes": upload_limit_bytes()}
    context["refusal"] = error.message if error and not form.is_bound else ""
    status = error.status if error else 200
    return render(request, "datasets/upload.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@require_GET
def progress(request: HttpRequest, dataset_id: int) -> JsonResponse:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    return JsonResponse(
        {
            "state": dataset.state or None,
            "progress": dataset.progress,
            "progress_note": dataset.progress_note,
            "failure": dataset.failure,
        }
    )


@require_POST
def delete(request: HttpRequest, dataset_id: int) -> HttpResponse:
    try:
        services.delete(request.user, dataset_id)  # type: ignore[arg-type]
    except ProductError as error:
        return _back_with(request, dataset_id, error)
    messages.success(request, "The data set and its files have been deleted.")
    return redirect("datasets")


@require_POST
def download(request: HttpRequest, dataset_id: int) -> HttpResponse:
    try:
        return redirect(services.download(request.user, dataset_id))  # type: ignore[arg-type]
    except ProductError as error:
        return _back_with(request, dataset_id, error)


@require_POST
def prepare(request: HttpRequest, dataset_id: int) -> HttpResponse:
    form = ResizeForm(request.POST)
    pixels = form.cleaned_data["resize_pixels"] if form.is_valid() else None
    try:
        dataset = services.prepare_again(
            request.user,  # type: ignore[arg-type]
            dataset_id,
            resize_pixels=pixels,
        )
    except ProductError as error:
        return _back_with(request, dataset_id, error)
    return redirect(dataset)


def _back_with(request: HttpRequest, dataset_id: int, error: ProductError) -> HttpResponse:
    if error.code == "not_found":
        raise error
    messages.error(request, error.message)
    return redirect("dataset", dataset_id)


@require_GET
def thumbnail(request: HttpRequest, dataset_id: int) -> HttpResponseBase:
    return _picture(request, dataset_id, THUMBNAIL)


@require_GET
def samples(request: HttpRequest, dataset_id: int, class_index: int) -> HttpResponseBase:
    return _picture(request, dataset_id, sample_name(class_index))


def _picture(request: HttpRequest, dataset_id: int, name: str) -> HttpResponseBase:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    path = selectors.sample_path(dataset, name)
    response = FileResponse(path.open("rb"), content_type="image/png")
    # Pages name the attempt in the address, so what was prepared anew is fetched anew.
    patch_cache_control(response, private=True, max_age=3600)
    return response
