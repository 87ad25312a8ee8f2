"""All addresses: pages at the top, the API under /api/v1/."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from webapp import views
from webapp.accounts.views import admin_sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/v1/docs/",
        login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")),
        name="api_docs",
    ),
]
for app in (
    "accounts",
    "checkpoints",
    "datasets",
    "exports",
    "final_trainings",
    "searches",
    "start_networks",
    "workers",
):
    urlpatterns += [
        path("", include(f"webapp.{app}.urls")),
        path("api/v1/", include(f"webapp.{app}.api_urls")),
    ]

handler400 = "webapp.views.bad_request"
handler403 = "webapp.views.permission_denied"
handler404 = "webapp.views.not_found"
handler500 = "webapp.views.server_error"
