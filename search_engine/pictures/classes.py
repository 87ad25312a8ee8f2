"""Names of classes made of what folders and tables say, and which classes can be learned."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from search_engine.pictures.findings import Findings
from search_engine.pictures.layout import TEST, TRAIN, VALIDATION, Located, in_order
from search_engine.pictures.names import alike, cleaned, composed
from search_engine.spec.order import natural_order
from search_engine.spec.pictures import Answers, ClassFound, SameNames, SmallClasses
from search_engine.spec.pictures_text import FEW

_NAMELESS = "(no name)"
_UNBALANCED = 20
"""How many times the smallest class the largest may have before it is noted."""


def name_classes(found: Sequence[Located], answers: Answers, findings: Findings) -> list[Located]:
    """Clean the names, merge, rename and leave out as answered; asked where names are alike."""
    found = [replace(p, label=composed(p.label)) for p in found]
    names = _same_names([p.label for p in found], answers, findings)
    renamed, out = dict(answers.renamed), set(answers.left_out)
    findings.note("classes_left_out", in_order(n for n in names.values() if n in out))
    return [
        replace(p, label=renamed.get(names[p.label], names[p.label]))
        for p in found
        if names[p.label] not in out
    ]


def _same_names(labels: Sequence[str], answers: Answers, findings: Findings) -> dict[str, str]:
    """What each label shall be called."""
    counts = Counter(labels)
    names = {label: cleaned(label) or _NAMELESS for label in counts}
    groups = alike(label for label in counts if label.strip())
    if not groups:
        return names
    merged: dict[str, str] = {}
    for group in groups:
        most = max(group, key=lambda label: (counts[label], label))
        merged |= dict.fromkeys(group, names[most])
    if answers.same_names is None:
        findings.ask(
            "same_names",
            {
                SameNames.MERGE: in_order(merged.values()),
                SameNames.KEEP: [label for group in groups for label in group],
            },
        )
    if answers.same_names != SameNames.KEEP:
        return names | merged
    return _told_apart(names)


def _told_apart(names: dict[str, str]) -> dict[str, str]:
    """Different names for different labels, where only spaces tell them apart."""
    taken: Counter[str] = Counter()
    apart = {}
    for label, name in sorted(names.items()):
        taken[name] += 1
        apart[label] = name if taken[name] == 1 else f"{name} ({taken[name]})"
    return apart


def learnable(
    found: Sequence[Located], answers: Answers, findings: Findings, whole: str
) -> list[Located]:
    """Without classes that cannot be learned: there only in test, or too small where so answered.

    Args:
        whole: what to call the set in faults.
    """
    if not any(p.part == TRAIN for p in found):
        findings.refuse("no_training_pictures", whole, "has no pictures to train on")
        return []
    found = _only_in_one_part(found, findings)
    counts = Counter(p.label for p in found if p.part == TRAIN)
    if len(counts) < 2:
        named = "".join(f": {name}" for name in counts)
        reason = f"expected at least 2 classes, got {len(counts)}{named}"
        findings.refuse("too_few_classes", whole, reason)
        return found
    found = _large_enough(found, counts, answers, findings, whole)
    _weigh(found, findings)
    return found


def _only_in_one_part(found: Sequence[Located], findings: Findings) -> list[Located]:
    names = {part: {p.label for p in found if p.part == part} for part in (TRAIN, VALIDATION, TEST)}
    learned = names[TRAIN]
    only_test = names[TEST] - learned
    findings.note("class_only_in_test", in_order(only_test))
    findings.note("class_only_in_validation", in_order(names[VALIDATION] - learned - only_test))
    if names[TEST]:
        findings.note("class_only_in_train", in_order(learned - names[TEST]))
    return [p for p in found if p.label in learned]


def _large_enough(
    found: list[Located],
    counts: Counter[str],
    answers: Answers,
    findings: Findings,
    whole: str,
) -> list[Located]:
    """One picture of each class to train on, and one for each part that is yet to be drawn."""
    given = {p.part for p in found}
    needed = 1 + (VALIDATION not in given) + (TEST not in given)
    small = in_order(name for name, count in counts.items() if count < needed)
    if not small or answers.small_classes == SmallClasses.KEEP:
        return found
    if len(counts) - len(small) < 2:
        least = counts[small[0]]
        reason = (
            f"expected at least {needed} pictures of each class, to divide them into training,"
            f" validation and test; got {least} of {small[0]}"
        )
        findings.refuse("too_few_pictures", whole, reason)
        return found
    if answers.small_classes is None:
        findings.ask("small_classes", {SmallClasses.LEAVE_OUT: small, SmallClasses.KEEP: small})
        return found
    findings.note("small_classes_left_out", small)
    return [p for p in found if p.label not in small]


def _weigh(found: Sequence[Located], findings: Findings) -> None:
    counts = Counter(p.label for p in found)
    by_name = sorted(counts, key=natural_order)
    findings.note("few_pictures", (name for name in by_name if counts[name] < FEW))
    smallest = min(by_name, key=counts.__getitem__)
    largest = max(by_name, key=counts.__getitem__)
    if counts[largest] > _UNBALANCED * counts[smallest]:
        named = (f"{name} with {counts[name]:,} pictures" for name in (largest, smallest))
        findings.note("unbalanced", named)


def classes_found(found: Sequence[Located]) -> tuple[ClassFound, ...]:
    """The classes in natural order, with their pictures in each part."""
    counts = Counter((p.label, p.part) for p in found)
    return tuple(
        ClassFound(name, *(counts[name, part] for part in (TRAIN, VALIDATION, TEST)))
        for name in in_order(p.label for p in found)
    )
