"""Every address with what may be done there, and by whom. A new address needs a line here.

A method that a line leaves out is refused to the owner, too.
"""

from collections.abc import Mapping

from tests.webapp.access.rules import (
    Rule,
    administrators,
    changed,
    looked_at,
    owned,
    public,
    signed_in,
)

Methods = Mapping[str, Rule | list[Rule]]

ANY_METHOD = "ANY"

DENIED = administrators(403)
SEARCH = "searches/<int:search_id>/"
TRIAL = f"{SEARCH}trials/<int:number>/"
DATASET = "datasets/<int:dataset_id>/"
CHECKPOINT = "checkpoints/<int:checkpoint_id>/"
EXPORT = f"{CHECKPOINT}exports/<slug:form>/"
NETWORK = "start-networks/<int:network_id>/"
TRAINING = "final-trainings/<int:training_id>/"

CORE: dict[str, Methods] = {
    "healthz": {ANY_METHOD: public()},
    "readyz": {ANY_METHOD: public()},
    "metrics": {"GET": Rule(404, 404, 404, (404,))},  # its token, and administrators
    "api/v1/schema/": {"GET": signed_in()},
    "api/v1/docs/": {"GET": signed_in()},
    # Django's own pages: one door only, and none of the four gets through.
    "admin/login/": {ANY_METHOD: Rule(403, 403, 403)},
}

ACCOUNTS: dict[str, Methods] = {
    "setup/": {"GET": public(302), "POST": public(302)},
    "sign-in/": {ANY_METHOD: Rule(302, 302, 302, (200, 405))},
    "sign-out/": {"POST": signed_in(302)},
    "account/": {"GET": signed_in(), "POST": signed_in(302, body={"email": "new@example.org"})},
    "account/password/": {"POST": signed_in()},
    "account/tokens/": {"GET": signed_in(), "POST": signed_in(body={"name": "New"})},
    "account/tokens/<int:pk>/revoke/": {"POST": owned(302)},
    "users/": {"GET": administrators(), "POST": administrators()},
    "users/<int:pk>/": {"GET": administrators(), "POST": administrators()},
    "users/<int:pk>/password/": {"POST": administrators()},
    "system/": {"GET": administrators()},
    "api/v1/me/": {"GET": signed_in()},
    "api/v1/tokens/": {"GET": signed_in(), "POST": signed_in(201, body={"name": "New"})},
    "api/v1/tokens/<pk>/": {"GET": owned(), "DELETE": owned(204)},
    "api/v1/users/": {"GET": DENIED, "POST": DENIED},
    "api/v1/users/<pk>/": {"GET": DENIED, "PATCH": DENIED},
    "api/v1/users/<pk>/password/": {"POST": DENIED},
}

DATASETS: dict[str, Methods] = {
    "datasets/": {"GET": signed_in()},
    "datasets/upload/": {"GET": signed_in(), "POST": signed_in(400)},
    DATASET: {"GET": owned()},
    f"{DATASET}thumbnail.png": {"GET": owned()},
    f"{DATASET}samples/<int:class_index>.png": {"GET": owned()},
    f"{DATASET}prepare/": {"POST": owned(302)},
    f"{DATASET}answers/": {"POST": owned(302)},
    f"{DATASET}survey/<slug:name>.png": {"GET": owned()},
    f"{DATASET}download/": {"POST": owned(302)},
    f"{DATASET}cancel/": {"POST": owned(302)},
    f"{DATASET}delete/": {"GET": owned(), "POST": owned(302)},
    "api/v1/datasets/": {"GET": signed_in(), "POST": signed_in(415)},  # a form, not JSON
    f"api/v1/{DATASET}": {"GET": owned(), "DELETE": owned(204)},
    f"api/v1/{DATASET}events/": {"GET": owned()},
    f"api/v1/{DATASET}samples/": {"GET": owned()},
    f"api/v1/{DATASET}samples/<int:class_index>.png": {"GET": owned()},
    f"api/v1/{DATASET}prepare/": {"POST": owned(409)},
    f"api/v1/{DATASET}report/": {"GET": owned()},
    f"api/v1/{DATASET}answers/": {"POST": owned(409)},
    f"api/v1/{DATASET}download/": {"POST": owned(409)},
    f"api/v1/{DATASET}cancel/": {"POST": owned(409)},
}

SEARCHES: dict[str, Methods] = {
    "": {"GET": signed_in()},
    "searches/new/": {
        "GET": [signed_in(), looked_at(query="?from={search_id}")],
        "POST": [signed_in(400), looked_at(400, query="?from={search_id}")],
    },
    "searches/check/": {"POST": [signed_in(), looked_at(query="?from={search_id}")]},
    "searches/demo/": {"POST": signed_in(302)},
    SEARCH: {"GET": looked_at()},
    f"{SEARCH}report/": {"GET": looked_at()},
    f"{SEARCH}grow/": {"GET": looked_at(302)},
    f"{SEARCH}<slug:action>/": {
        "GET": changed(arguments={"action": "delete"}),
        "POST": [
            changed(302, arguments={"action": action})
            for action in ("pause", "resume", "stop", "cancel", "delete")
        ],
    },
    TRIAL: {"GET": looked_at()},
    "api/v1/presets/": {"GET": signed_in()},
    "api/v1/searches/": {
        "GET": signed_in(),
        "POST": [
            signed_in(201, body={"name": "New", "preset": "digits-demo"}),
            looked_at(201, body={"name": "Clone", "parent": "{search_id}"}),
        ],
    },
    "api/v1/searches/check/": {
        "POST": [signed_in(), looked_at(body={"parent": "{search_id}"})],
    },
    "api/v1/searches/plan/": {"GET": signed_in(400)},
    f"api/v1/{SEARCH}": {
        "GET": looked_at(),
        "PATCH": changed(body={"name": "Other"}),
        "DELETE": changed(409),
    },
    f"api/v1/{SEARCH}live/": {"GET": looked_at()},
    f"api/v1/{SEARCH}summaries/": {"GET": looked_at()},
    f"api/v1/{SEARCH}events/": {"GET": looked_at()},
    f"api/v1/{SEARCH}pause/": {"POST": changed()},
    f"api/v1/{SEARCH}resume/": {"POST": changed(409)},
    f"api/v1/{SEARCH}stop/": {"POST": changed()},
    f"api/v1/{SEARCH}cancel/": {"POST": changed()},
    f"api/v1/{SEARCH}extend/": {"POST": changed(body={"max_trials": 99})},
    f"api/v1/{SEARCH}shares/": {
        "GET": changed(),
        "POST": changed(204, body={"username": "charlie"}),
        "DELETE": changed(204, query="?username=bob"),
    },
    f"api/v1/{SEARCH}download/": {"GET": looked_at()},
    f"api/v1/{SEARCH}trials/": {"GET": looked_at()},
    f"api/v1/{SEARCH}report/": {"GET": looked_at()},
    f"api/v1/{SEARCH}trials.csv": {"GET": looked_at()},
    f"api/v1/{SEARCH}trials.json": {"GET": looked_at()},
    f"api/v1/{TRIAL}": {"GET": looked_at()},
    f"api/v1/{TRIAL}pin/": {"POST": changed(204), "DELETE": changed(204)},
    f"api/v1/{TRIAL}retry/": {"POST": changed(409)},
    f"api/v1/{TRIAL}download/": {"GET": looked_at()},
}

CHECKPOINTS: dict[str, Methods] = {
    "checkpoints/": {"GET": signed_in()},
    CHECKPOINT: {"GET": looked_at()},
    f"{CHECKPOINT}delete/": {"GET": changed(), "POST": changed(302)},
    "api/v1/checkpoints/": {"GET": signed_in()},
    f"api/v1/{CHECKPOINT}": {"GET": looked_at(), "DELETE": changed(409)},
    f"api/v1/{CHECKPOINT}events/": {"GET": looked_at()},
    f"api/v1/{CHECKPOINT}download/": {"GET": looked_at()},
    f"api/v1/{CHECKPOINT}picture/": {"POST": looked_at(415)},  # a form, not JSON
}

EXPORTS: dict[str, Methods] = {
    f"api/v1/{CHECKPOINT}exports/": {
        "GET": looked_at(),
        "POST": changed(202, body={"kind": "pytorch"}),
    },
    f"api/v1/{CHECKPOINT}exports/datasets/": {"GET": looked_at()},
    f"api/v1/{CHECKPOINT}measurement/": {"GET": looked_at(), "POST": changed(202)},
    f"api/v1/{CHECKPOINT}measurement/cancel/": {"POST": changed(409)},
    f"api/v1/{EXPORT}": {"GET": looked_at(), "DELETE": changed(409)},
    f"api/v1/{EXPORT}cancel/": {"POST": changed()},
    f"api/v1/{EXPORT}download/": {"GET": looked_at(409)},  # it has not been built yet
}

FINAL_TRAININGS: dict[str, Methods] = {
    "final-trainings/": {"GET": signed_in()},
    TRAINING: {"GET": looked_at()},
    f"{TRAINING}<slug:action>/": {
        "GET": changed(arguments={"action": "delete"}),
        "POST": [
            changed(302, arguments={"action": action})
            for action in ("pause", "resume", "cancel", "delete")
        ],
    },
    f"{TRIAL}final/new/": {"GET": changed(), "POST": changed(400)},
    f"{TRIAL}final/check/": {"POST": changed()},
    "api/v1/final-trainings/": {
        "GET": signed_in(),
        "POST": changed(201, body={"search": "{search_id}", "trial": 1, "preset": "digits"}),
    },
    f"api/v1/{TRAINING}": {
        "GET": looked_at(),
        "PATCH": changed(body={"name": "Other"}),
        "DELETE": changed(409),
    },
    f"api/v1/{TRAINING}live/": {"GET": looked_at()},
    f"api/v1/{TRAINING}pause/": {"POST": changed()},
    f"api/v1/{TRAINING}resume/": {"POST": changed(409)},
    f"api/v1/{TRAINING}cancel/": {"POST": changed()},
}

ADOPTED_NETWORKS: dict[str, Methods] = {
    "start-networks/": {"GET": signed_in(), "POST": signed_in(400, body={"source": "program"})},
    NETWORK: {"GET": owned()},
    f"{NETWORK}check/": {"POST": owned(409)},  # it has not been read yet
    f"{NETWORK}sites/": {"POST": owned(302)},
    f"{NETWORK}cancel/": {"POST": owned(302)},
    f"{NETWORK}delete/": {"GET": owned(), "POST": owned(302)},
    "api/v1/start-networks/": {"GET": signed_in(), "POST": signed_in(400)},
    f"api/v1/{NETWORK}": {"GET": owned(), "DELETE": owned(204)},
    f"api/v1/{NETWORK}cancel/": {"POST": owned()},
    f"api/v1/{NETWORK}events/": {"GET": owned()},
    f"api/v1/{NETWORK}sites/": {"POST": owned(409, body={"sites": ["a"]})},
}

WORKERS: dict[str, Methods] = {
    "workers/": {"GET": signed_in()},
    "api/v1/workers/": {"GET": signed_in()},
    f"api/v1/{SEARCH}waiting/": {"GET": looked_at()},
}

TABLE: dict[str, Methods] = {
    **CORE,
    **ACCOUNTS,
    **DATASETS,
    **SEARCHES,
    **CHECKPOINTS,
    **EXPORTS,
    **FINAL_TRAININGS,
    **ADOPTED_NETWORKS,
    **WORKERS,
}

# Sockets: the code with which each is closed; None where it stays open.
LOOKED_AT: dict[str, int | None] = {
    "owner": None,
    "shared": None,
    "stranger": 4404,
    "nobody": 4401,
}
OWNED: dict[str, int | None] = {**LOOKED_AT, "shared": 4404}
OWN_LIST: dict[str, int | None] = {**LOOKED_AT, "stranger": None}

SOCKETS: dict[str, dict[str, int | None]] = {
    "ws/searches/<search_id>/": LOOKED_AT,
    "ws/checkpoints/<checkpoint_id>/": LOOKED_AT,
    "ws/datasets/<dataset_id>/": OWNED,
    "ws/start-networks/<network_id>/": OWNED,
    "ws/lists/searches/": OWN_LIST,
    "ws/lists/final-trainings/": OWN_LIST,
    "ws/lists/checkpoints/": OWN_LIST,
    "ws/lists/datasets/": OWN_LIST,
    "ws/lists/start-networks/": OWN_LIST,
    "ws/lists/workers/": OWN_LIST,
}
