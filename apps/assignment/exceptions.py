"""Why an action by hand was refused; each says it in words that the person can be shown."""

from __future__ import annotations

from apps.assignment.study import StudyState


class ByHandError(Exception):
    """An action was refused and changed nothing; ``str()`` is what the person is told."""


class UnknownStudyError(ByHandError):
    """There is no such study where the person may act."""

    def __init__(self) -> None:
        """Say no more than that: it must not tell whether the study exists elsewhere."""
        super().__init__("There is no such study.")


class NotYoursError(ByHandError):
    """The study belongs to another reader, or to nobody."""

    def __init__(self) -> None:
        """Say no more than that, as for a study that does not exist."""
        super().__init__("There is no such study on your list.")


class StaleStudyError(ByHandError):
    """Somebody was quicker; ``fresh`` is the study as it is now."""

    def __init__(self, fresh: StudyState) -> None:
        """Keep the state to be shown and acted on next."""
        super().__init__("The study has changed since you looked. This is how it is now.")
        self.fresh = fresh


class NotPossibleError(ByHandError):
    """The study is in no state for this."""


class NotFitError(ByHandError):
    """The reader may not read the study, and no reason could change that."""


class ReasonNeededError(ByHandError):
    """The action needs a typed reason."""


class OverrideNeededError(ReasonNeededError):
    """The reader is full; a person may give them the study nevertheless, with a typed reason."""
