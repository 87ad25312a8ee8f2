"""DRF's handler: every error of the API has the shape {"message", "code", "fields"}."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from webapp.errors import ProductError, as_product_error, flattened
from webapp.proxies import why_not_from_there

CSRF = "CSRF Failed: "
"""How DRF begins the reason why a form may come from elsewhere."""
CODES = {
    "not_authenticated": "not_signed_in",
    "authentication_failed": "not_signed_in",
    "permission_denied": "forbidden",
    "parse_error": "invalid",
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error that a view raised; None for a bug, which Django answers with 500."""
    if request := context.get("request"):  # JSON, also where the answer would be YAML or a page
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), "application/json"
    if (told := as_product_error(error)) is not None:
        set_rollback()
        return Response(told.body(), status=told.status)
    response = exception_handler(error, context)  # headers: WWW-Authenticate, Retry-After
    if response is not None:
        response.data = _as_product_error(error, request).body()
    return response


def _as_product_error(error: Exception, request: Request | None) -> ProductError:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, Http404 | exceptions.NotFound):
        return ProductError("There is nothing here, or it is not yours to see.", "not_found")
    reason = str(error)
    if request is not None and reason.startswith(CSRF):
        told = why_not_from_there(request._request, reason.removeprefix(CSRF))
        return ProductError(". ".join(told), "forbidden")
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return ProductError(str(error) or "You may not do this.", "forbidden")
    if isinstance(error, exceptions.APIException):
        code = str(error.default_code)
        return ProductError(str(error.detail), CODES.get(code, code))
    return ProductError("This request was refused.")


def _invalid(error: exceptions.ValidationError) -> ProductError:
    fields = dict(flattened(error.detail))
    general = fields.pop("non_field_errors", fields.pop("", ""))
    named = f"Some fields need another look: {', '.join(fields)}." if fields else ""
    return ProductError(general or named or "This is not valid.", "invalid", fields)
