from django.urls import path

from webapp.searches import views

urlpatterns = [
    path("", views.home, name="home"),
    path("searches/new/", views.new_search, name="new_search"),
    path("searches/check/", views.check_form, name="search_check"),
    path("searches/demo/", views.launch_demo, name="launch_demo"),
    path("searches/<int:search_id>/", views.search_page, name="search"),
    path("searches/<int:search_id>/<slug:action>/", views.act, name="search_action"),
    path("searches/<int:search_id>/trials/<int:number>/", views.trial_page, name="trial"),
]
