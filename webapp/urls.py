"""All addresses: pages at the top, the API under /api/v1/."""

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp import views
from webapp.accounts import urls as accounts
from webapp.accounts.views import admin_sign_in
from webapp.administration import site
from webapp.adopted import urls as adopted
from webapp.checkpoints import urls as checkpoints
from webapp.datasets import urls as datasets
from webapp.live import urls as live
from webapp.searches import urls as searches
from webapp.trainings import urls as trainings
from webapp.upkeep import urls as upkeep
from webapp.workers import urls as workers

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("admin/login/", admin_sign_in),
    path("admin/", site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/v1/docs/",
        login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")),
        name="api_docs",
    ),
]
urlpatterns += [path("api/v1/", include(live.endpoints))]
urlpatterns += upkeep.pages
for app in (accounts, checkpoints, datasets, trainings, searches, adopted, workers):
    urlpatterns += [path("", include(app.pages)), path("api/v1/", include(app.endpoints))]

handler400 = "webapp.views.bad_request"
handler403 = "webapp.views.permission_denied"
handler404 = "webapp.views.not_found"
handler500 = "webapp.views.server_error"
