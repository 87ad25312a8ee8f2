"""Pages of data sets. Signing in is asked for by middleware."""

from typing import IO, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp import disk
from webapp.accounts.authentication import UserRequest
from webapp.datasets import selectors, services, uploads
from webapp.datasets.files import THUMBNAIL, sample_name, upload_limit_bytes
from webapp.datasets.forms import ResizeForm, UploadForm, answers_in
from webapp.datasets.models import Dataset, Look
from webapp.datasets.review import CLASSES_PER_PAGE as FOUND_PER_PAGE
from webapp.datasets.review import review_of
from webapp.errors import ProductError, refusal_of, wants_json
from webapp.live import log

CLASSES_PER_PAGE = 50
DATASETS_PER_PAGE = 60


@require_GET
def index(request: UserRequest) -> HttpResponse:
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
def detail(request: UserRequest, dataset_id: int) -> HttpResponse:
    # Before the row: what happens in between is told again.
    sequence = log.last_sequence(Dataset(pk=dataset_id).topic)
    dataset = selectors.visible_dataset(request.user, dataset_id)
    context = {**_detail(request, dataset), "sequence": sequence}
    return render(request, "datasets/detail.html", context)


def _detail(request: UserRequest, dataset: Dataset) -> dict[str, Any]:
    may_change = selectors.may_change(request.user, dataset)
    kept = may_change and bool(dataset.upload)
    review = review_of(dataset)
    answerable = review is not None and review.is_answerable
    found = review.classes if review is not None else []
    return {
        "dataset": dataset,
        "review": review,
        "may_answer": not dataset.is_active and kept and answerable,
        "found": Paginator(found, FOUND_PER_PAGE).get_page(request.GET.get("page")),
        "classes": Paginator(selectors.class_rows(dataset), CLASSES_PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "parts": selectors.parts(dataset),
        "small": selectors.is_small(dataset),
        "may_delete": may_change,
        "may_prepare": not dataset.is_active and kept,
        "may_look_again": dataset.is_built_in and dataset.state in ("failed", "cancelled"),
        "may_cancel": dataset.is_active
        and not dataset.requested
        and (dataset.is_built_in or may_change),
        "resize_form": ResizeForm(initial={"resize_pixels": dataset.resize_pixels or ""}),
    }


# The handler must be in place before anything looks at the form, and CSRF's check looks at it.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def upload(request: UserRequest) -> HttpResponseBase:
    if request.method == "POST":
        uploads.stream_to_disk(request)
        try:
            request.FILES.keys()
        except ProductError as error:
            return _refused(request, error, UploadForm())
    return _checked_upload(request)


@csrf_protect
def _checked_upload(request: UserRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, refusal_of(form), form)
    dataset = services.upload(request.user, **form.cleaned_data)
    if wants_json(request):
        return JsonResponse({"location": dataset.get_absolute_url()}, status=201)
    return redirect(dataset)


def _refused(request: UserRequest, error: ProductError, form: UploadForm) -> HttpResponse:
    """The refusal as JSON for the page's script; else the page, with what no field shows."""
    if wants_json(request):
        return JsonResponse(error.body(), status=error.status)
    return _upload_page(request, form, error)


def _upload_page(
    request: UserRequest, form: UploadForm, error: ProductError | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "limit_bytes": upload_limit_bytes()}
    context["refusal"] = error.message if error and not form.is_bound else ""
    status = error.status if error else 200
    return render(request, "datasets/upload.html", context, status=status)


@require_http_methods(["GET", "POST"])
def delete(request: UserRequest, dataset_id: int) -> HttpResponse:
    """Delete it; asked by GET, say what that frees."""
    if request.method == "GET":
        return disk.frees(services.freed_bytes(request.user, dataset_id))
    try:
        services.delete(request.user, dataset_id)
    except ProductError as error:
        return _back_with(request, dataset_id, error)
    messages.success(request, "The data set and its files have been deleted.")
    return redirect("datasets")


@require_POST
def download(request: UserRequest, dataset_id: int) -> HttpResponse:
    try:
        return redirect(services.download(request.user, dataset_id))
    except ProductError as error:
        return _back_with(request, dataset_id, error)


@require_POST
def cancel(request: UserRequest, dataset_id: int) -> HttpResponse:
    try:
        return redirect(services.cancel(request.user, dataset_id))
    except ProductError as error:
        return _back_with(request, dataset_id, error)


@require_POST
def prepare(request: UserRequest, dataset_id: int) -> HttpResponse:
    form = ResizeForm(request.POST)
    pixels = form.cleaned_data["resize_pixels"] if form.is_valid() else None
    try:
        dataset = services.prepare_again(
            request.user,
            dataset_id,
            resize_pixels=pixels,
        )
    except ProductError as error:
        return _back_with(request, dataset_id, error)
    return redirect(dataset)


@require_POST
def answer(request: UserRequest, dataset_id: int) -> HttpResponse:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    look, attempt = request.POST.get("look", dataset.look), request.POST.get("attempt", "")
    try:
        services.answer(
            request.user,
            dataset_id,
            answers_in(dataset, request.POST),
            look=look if look in Look.values else Look.NEVER,
            attempt=int(attempt) if attempt.isdecimal() else None,
        )
    except ProductError as error:
        return _back_with(request, dataset_id, error)
    return redirect(dataset)


def _back_with(request: UserRequest, dataset_id: int, error: ProductError) -> HttpResponse:
    if error.code == "not_found":
        raise error
    messages.error(request, error.message)
    return redirect("dataset", dataset_id)


@require_GET
def thumbnail(request: UserRequest, dataset_id: int) -> HttpResponseBase:
    return _picture(request, dataset_id, THUMBNAIL)


@require_GET
def samples(request: UserRequest, dataset_id: int, class_index: int) -> HttpResponseBase:
    return _picture(request, dataset_id, sample_name(class_index))


@require_GET
def survey(request: UserRequest, dataset_id: int, name: str) -> HttpResponseBase:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    return _png(selectors.survey_picture(dataset, f"{name}.png"))


def _picture(request: UserRequest, dataset_id: int, name: str) -> HttpResponseBase:
    dataset = selectors.visible_dataset(request.user, dataset_id)
    return _png(selectors.sample_picture(dataset, name))


def _png(picture: IO[bytes]) -> FileResponse:
    response = FileResponse(picture, content_type="image/png")
    # Pages name the attempt in the address, so what was prepared anew is fetched anew.
    patch_cache_control(response, private=True, max_age=3600)
    return response
