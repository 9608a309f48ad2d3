"""What may go wrong with a letter, in sentences fit to show."""

from collections.abc import Sequence

from accounts.errors import DomainError


class LetterError(DomainError):
    """A letter cannot be made as asked."""


class UnknownTemplate(LetterError):
    """There is no letter of this name."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no letter template called {key}.")
        self.key = key


class MergeRefused(LetterError):
    """
    A template and its values do not make a letter. Every problem is named at once.

    :ivar problems: one sentence for each problem
    :ivar missing: names of the required fields without a value
    :ivar unknown: names of the values that the template does not declare
    """

    def __init__(
        self,
        title: str,
        problems: Sequence[str],
        *,
        missing: Sequence[str] = (),
        unknown: Sequence[str] = (),
    ) -> None:
        super().__init__(f"“{title}” cannot be printed: {'; '.join(problems)}.")
        self.problems = tuple(problems)
        self.missing = tuple(missing)
        self.unknown = tuple(unknown)


class MissingFields(MergeRefused):
    """A letter lacks required values; `missing` names the fields a person must fill in."""


class NoRecipient(LetterError):
    """Nobody may be sent a letter about this pupil; the message says what to add."""


class RenderingFailed(LetterError):
    """The page could not be made, or asked for something outside the bundled assets."""
