"""Rows of searches. What may become of them is in `lifecycle`; nothing else changes a state."""

from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from search_engine.spec.start_training import ONE_ROUND, StartRounds
from search_engine.spec.trial import Role
from webapp.live.topics import Topic
from webapp.state import FINAL_STATES, State
from webapp.trainings.models import Purpose, Training
from webapp.work.models import Work


class Request(models.TextChoices):
    """What a user has asked of a running search, until it is done."""

    NONE = "", "Nothing"
    PAUSE = "pause", "Pause"
    STOP = "stop", "Stop"
    CANCEL = "cancel", "Cancel"


class Search(models.Model):
    """One run of the whole procedure by one user."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.PROTECT, related_name="searches"
    )
    start_checkpoint = models.ForeignKey(
        "checkpoints.Checkpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="searches_begun",
    )
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True, default="", max_length=10_000)
    tags = models.JSONField(default=list, blank=True)
    preset = models.CharField(max_length=40, blank=True, default="")
    config = models.JSONField()
    idempotency_key = models.CharField(  # noqa: DJ001 - null where none was given
        max_length=200, null=True, blank=True
    )

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested = models.CharField(max_length=6, choices=Request, blank=True, default=Request.NONE)
    # Why it has failed; of a paused one, what has held it up, unless its user paused it.
    failure = models.TextField(blank=True, default="")
    faults_in_a_row = models.PositiveSmallIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    running_since = models.DateTimeField(null=True, blank=True)
    seconds_before = models.FloatField(default=0.0)

    classes = models.PositiveIntegerField(null=True, blank=True)
    validation_images = models.PositiveIntegerField(null=True, blank=True)

    max_trials = models.PositiveIntegerField()
    trials_completed = models.PositiveIntegerField(default=0)
    trials_failed = models.PositiveIntegerField(default=0)
    # Controls and confirmations, which the budget does not count, and neither do the two above.
    others_ended = models.PositiveIntegerField(default=0)
    best_trial = models.PositiveIntegerField(null=True, blank=True)
    best_accuracy = models.FloatField(null=True, blank=True)
    best_reward = models.FloatField(null=True, blank=True)
    # What a list shows of each search, kept here so that a list reads no trials.
    best_notation = models.TextField(blank=True, default="")
    best_history = models.JSONField(default=list, blank=True)  # [trials ended, accuracy] of each
    recent_seconds = models.JSONField(default=list, blank=True)  # what the latest trials took
    # The engine's `Comparison` of the winner with the control, once the test images were looked at.
    comparison = models.JSONField(null=True, blank=True)
    # Mean of the controls so far, and of a chain of them the last, on the validation images.
    control_accuracy = models.FloatField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="search_launched_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-created_at"], name="search_owner_created"),
            models.Index(fields=["owner", "state"], name="search_owner_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def topic(self) -> Topic:
        """Whose log tells of it."""
        return Topic("search", self.pk)

    @property
    def elapsed_seconds(self) -> float:
        """Running time, pauses left out."""
        if self.running_since is None:
            return self.seconds_before
        return self.seconds_before + (timezone.now() - self.running_since).total_seconds()

    @property
    def is_ended(self) -> bool:
        return State(self.state) in FINAL_STATES

    @property
    def start(self) -> Training:
        """The training of the network that its trials grow from; a list has read all at once."""
        read: list[Training] | None = getattr(self, "starts", None)
        rows = Training.objects.defer("config", "history", "confusion")
        return read[0] if read else rows.get(search=self, purpose=Purpose.START)

    @property
    def start_rounds(self) -> StartRounds:
        """When its start network has been trained for long enough."""
        found = self.config.get("start_rounds")
        return ONE_ROUND if found is None else StartRounds.from_json(found)

    @property
    def is_start_ready(self) -> bool:
        return self.classes is not None  # said when it is trained


class EngineState(models.Model):
    """What the engine needs to go on, but for the trials that have ended: those are rows.

    In the database and not in a file, so that it is written in the same transaction as the trials
    that it asked for: no crash leaves one without the other. In a table of its own, so that no list
    of searches loads it; without the ended trials it does not grow with the search.
    """

    search = models.OneToOneField(
        Search, on_delete=models.CASCADE, primary_key=True, related_name="engine_state"
    )
    version = models.PositiveBigIntegerField(default=1)
    values = models.JSONField()
    tensors = models.BinaryField()

    def __str__(self) -> str:
        return f"state {self.version} of search {self.search_id}"


class Trial(Work):
    """One proposal with its evaluation.

    `outcome` is what its worker has handed in, until the engine is told: then `result` is its
    engine's half, `told` counts it, and the trial has ended.
    """

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    proposal = models.JSONField()
    role = models.CharField(
        max_length=12, choices=[(role.value, role.value) for role in Role], default=Role.CHILD.value
    )
    repeats = models.PositiveIntegerField(default=0)  # of a confirmation, which trial
    # As the proposal has them, for lists: the trial that it grows from, and by what.
    parent = models.PositiveIntegerField(default=0)
    move = models.CharField(max_length=10, blank=True, default="")
    notation = models.TextField()
    cell = models.JSONField()

    evaluated_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    told = models.PositiveIntegerField(null=True, blank=True)

    accuracy = models.FloatField(null=True, blank=True)
    balanced_accuracy = models.FloatField(null=True, blank=True)
    reward = models.FloatField(null=True, blank=True)
    parameters = models.BigIntegerField(null=True, blank=True)
    multiply_adds = models.BigIntegerField(null=True, blank=True)
    # Of inference, where the search measures them: seconds of a batch of 1 and of 64, and bytes.
    latency_1 = models.FloatField(null=True, blank=True)
    latency_64 = models.FloatField(null=True, blank=True)
    memory = models.BigIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    diagnostics = models.JSONField(default=dict, blank=True)
    confusion = models.JSONField(null=True, blank=True)
    pinned = models.BooleanField(default=False)

    class Meta(Work.Meta):
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *Work.Meta.constraints,
            models.UniqueConstraint(fields=["search", "number"], name="trial_number_once"),
            models.UniqueConstraint(fields=["search", "told"], name="trial_told_once"),
        ]
        indexes: ClassVar = [
            *Work.Meta.indexes,
            models.Index(fields=["search", "state"], name="trial_search_state"),
            models.Index(fields=["search", "-reward"], name="trial_search_reward"),
            models.Index(fields=["search", "-accuracy"], name="trial_search_accuracy"),
        ]

    def __str__(self) -> str:
        return f"trial {self.number}"

    @property
    def topic(self) -> Topic:
        """Its search's log tells of it."""
        return Topic("search", self.search_id)

    @property
    def is_child(self) -> bool:
        """Whether it looks for a better network; others measure what that is worth."""
        return self.role == Role.CHILD

    @property
    def transformations(self) -> list[dict[str, Any]]:
        """What makes its network from its parent's."""
        return self.proposal.get("transformations", [])

    @property
    def curve(self) -> list[float]:
        """Accuracy after each epoch, once it has ended."""
        return (self.result or {}).get("curve", [])


class SearchComparison(Work):
    """What a search has found meets the test images: work whose result stands in the search."""

    search = models.OneToOneField(Search, on_delete=models.CASCADE, related_name="compared")

    def __str__(self) -> str:
        return f"comparison of search {self.search_id}"


class Share(models.Model):
    """A user who may look at a search, and no more."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shares"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["search", "user"], name="shared_once")
        ]

    def __str__(self) -> str:
        return f"search {self.search_id} with user {self.user_id}"


MAX_FAULTS_IN_A_ROW: Final = 3

MAX_QUEUED: Final = 4
"""Trials of a search that wait for workers: more follow as soon as some of them have begun."""
