from django.urls import path

from webapp.searches import api, live_api, presets_api, trials_api

SEARCH = "searches/<int:search_id>"
TRIAL = f"{SEARCH}/trials/<int:number>"

urlpatterns = [
    path("presets/", presets_api.PresetsView.as_view(), name="api_presets"),
    path("searches/", api.SearchesView.as_view(), name="api_searches"),
    path("searches/check/", api.CheckView.as_view(), name="api_searches_check"),
    path(f"{SEARCH}/", api.SearchView.as_view(), name="api_search"),
    path(f"{SEARCH}/live/", live_api.LiveView.as_view(), name="api_search_live"),
    path(f"{SEARCH}/summaries/", live_api.SummariesView.as_view(), name="api_search_summaries"),
    path(f"{SEARCH}/events/", live_api.EventsView.as_view(), name="api_search_events"),
    path(f"{SEARCH}/pause/", api.PauseView.as_view(), name="api_search_pause"),
    path(f"{SEARCH}/resume/", api.ResumeView.as_view(), name="api_search_resume"),
    path(f"{SEARCH}/stop/", api.StopView.as_view(), name="api_search_stop"),
    path(f"{SEARCH}/cancel/", api.CancelView.as_view(), name="api_search_cancel"),
    path(f"{SEARCH}/extend/", api.ExtendView.as_view(), name="api_search_extend"),
    path(f"{SEARCH}/shares/", api.SharesView.as_view(), name="api_search_shares"),
    path(f"{SEARCH}/download/", api.BestDownloadView.as_view(), name="api_search_download"),
    path(f"{SEARCH}/trials/", trials_api.TrialsView.as_view(), name="api_trials"),
    path(f"{SEARCH}/trials.csv", trials_api.TrialsCSVView.as_view(), name="api_trials_csv"),
    path(f"{SEARCH}/trials.json", trials_api.TrialsJSONView.as_view(), name="api_trials_json"),
    path(f"{TRIAL}/", trials_api.TrialView.as_view(), name="api_trial"),
    path(f"{TRIAL}/pin/", trials_api.PinView.as_view(), name="api_trial_pin"),
    path(f"{TRIAL}/retry/", trials_api.RetryView.as_view(), name="api_trial_retry"),
    path(f"{TRIAL}/download/", trials_api.TrialDownloadView.as_view(), name="api_trial_download"),
]
