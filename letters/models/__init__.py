"""What went to parents: letters with their files, and messages by e-mail and text."""

from letters.models.archive import Letter, LetterFile, LetterState
from letters.models.messages import Message, MessageChannel, MessageEvent, MessageState

__all__ = [
    "Letter",
    "LetterFile",
    "LetterState",
    "Message",
    "MessageChannel",
    "MessageEvent",
    "MessageState",
]
