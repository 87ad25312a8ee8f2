"""How lists of the API come in pages."""

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from webapp.errors import ProductError


class Pages(PageNumberPagination):
    """`?page=2&page_size=100`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        """More than the most is the most; what is no number is refused, not forgotten."""
        wanted = request.query_params.get("page_size", "1")
        if not wanted.isdecimal() or int(wanted) < 1:
            reason = f"expected a whole number 1 to {self.max_page_size}"
            raise ProductError(f"Page size: {reason}.", fields={"page_size": reason})
        return super().get_page_size(request)
