"""What happens around every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from webapp.errors import ProductError


class ProductErrorMiddleware(MiddlewareMixin):
    """Shows a ProductError that no form has shown as a page of its own."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ProductError):
            return None
        return render(request, "error.html", {"error": error}, status=error.status)
