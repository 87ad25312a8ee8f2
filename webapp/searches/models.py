"""Rows of searches. What may become of them is in `lifecycle`; nothing else changes a state."""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webapp.state import FINAL_STATES, State


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
    failure = models.TextField(blank=True, default="")
    faults_in_a_row = models.PositiveSmallIntegerField(default=0)
    last_sequence = models.PositiveBigIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    running_since = models.DateTimeField(null=True, blank=True)
    seconds_before = models.FloatField(default=0.0)

    classes = models.PositiveIntegerField(null=True, blank=True)
    validation_images = models.PositiveIntegerField(null=True, blank=True)
    start_accuracy = models.FloatField(null=True, blank=True)
    start_parameters = models.BigIntegerField(null=True, blank=True)
    start_multiply_adds = models.BigIntegerField(null=True, blank=True)
    start_progress = models.JSONField(null=True, blank=True)
    start_completed_at = models.DateTimeField(null=True, blank=True)
    start_attempt = models.PositiveIntegerField(default=0)
    start_losses = models.PositiveSmallIntegerField(default=0)
    start_lease_until = models.DateTimeField(null=True, blank=True)
    start_worker = models.CharField(max_length=200, blank=True, default="")

    max_trials = models.PositiveIntegerField()
    trials_completed = models.PositiveIntegerField(default=0)
    trials_failed = models.PositiveIntegerField(default=0)
    best_trial = models.PositiveIntegerField(null=True, blank=True)
    best_accuracy = models.FloatField(null=True, blank=True)
    best_reward = models.FloatField(null=True, blank=True)
    # What a list shows of each search, kept here so that a list reads no trials.
    best_notation = models.TextField(blank=True, default="")
    best_history = models.JSONField(default=list, blank=True)  # [trials ended, accuracy] of each
    recent_seconds = models.JSONField(default=list, blank=True)  # what the latest trials took

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
            models.Index(fields=["state", "start_lease_until"], name="search_state_lease"),
        ]

    def __str__(self) -> str:
        return self.name

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
    def is_start_ready(self) -> bool:
        return self.start_completed_at is not None


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


class Trial(models.Model):
    """One proposal with its evaluation.

    While it is evaluated `attempt` is the fencing token of the worker that holds it. `outcome` is
    what that worker found; the trial has ended once the engine was told (`record` is set).
    """

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    seed = models.BigIntegerField()
    proposal = models.JSONField()
    notation = models.TextField()
    cell = models.JSONField()
    transformations = models.JSONField()

    attempt = models.PositiveIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    sent_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    evaluated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    outcome = models.JSONField(null=True, blank=True)
    record = models.JSONField(null=True, blank=True)
    told = models.PositiveIntegerField(null=True, blank=True)

    progress = models.JSONField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True)
    reward = models.FloatField(null=True, blank=True)
    parameters = models.BigIntegerField(null=True, blank=True)
    multiply_adds = models.BigIntegerField(null=True, blank=True)
    # Of inference, where the search measures them: seconds of a batch of 1 and of 64, and bytes.
    latency_1 = models.FloatField(null=True, blank=True)
    latency_64 = models.FloatField(null=True, blank=True)
    memory = models.BigIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    curve = models.JSONField(default=list, blank=True)
    diagnostics = models.JSONField(default=dict, blank=True)
    confusion = models.JSONField(null=True, blank=True)
    failure = models.TextField(blank=True, default="")
    traceback = models.TextField(blank=True, default="")
    pinned = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["search", "number"], name="trial_number_once"),
            models.UniqueConstraint(fields=["search", "told"], name="trial_told_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["search", "state"], name="trial_search_state"),
            models.Index(fields=["search", "-reward"], name="trial_search_reward"),
            models.Index(fields=["search", "-accuracy"], name="trial_search_accuracy"),
            models.Index(fields=["state", "lease_until"], name="trial_state_lease"),
        ]

    def __str__(self) -> str:
        return f"trial {self.number}"


class SearchEvent(models.Model):
    """A fact about a search, numbered from 1 in the order in which it was committed."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["search", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["search", "sequence"], name="event_sequence_once")
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


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


LEASE: Final = timedelta(seconds=20)
"""How long a worker may be silent. With recovery every 5 s a killed one shows within 30 s."""

MAX_LOSSES: Final = 3
MAX_FAULTS_IN_A_ROW: Final = 3
