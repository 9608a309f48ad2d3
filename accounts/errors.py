"""The one family of errors that a person may be shown."""


class DomainError(Exception):
    """Something the rules of a school day do not allow. `message` is a sentence fit to show to the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
