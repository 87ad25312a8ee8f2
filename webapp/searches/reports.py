"""A search as one file to keep or to send."""

from django.http import HttpResponse
from django.utils import timezone

from search_engine.report import report_page
from webapp.searches.json.columns import report_json
from webapp.searches.models import Search
from webapp.searches.selectors import User


def response(search: Search, user: User) -> HttpResponse:
    """The report of a search as it is now, to be saved: shown under this site's address, its
    scripts would be refused."""
    note = f"as of {timezone.now():%Y-%m-%d %H:%M} UTC"
    answer = HttpResponse(report_page(report_json(search, user), note))
    name = f"espalier-search-{search.pk}-report.html"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
