"""
What other apps ask of letters: prepare, preview, withdraw, and the types of the values they pass.

>>> from letters import services as letters
>>> letters.prepare_letters(school=…, pupil=…, template_key="wer_1", origin="step:12", merge={…}, by=…, at=…)
"""

from letters.rules.absences import NamedSession
from letters.rules.fields import Field, Kind, Share
from letters.services.filing import try_again, withdraw_letters
from letters.services.preparing import (
    missing_fields,
    parse_values,
    prepare_letters,
    preview_content,
    preview_pdf,
    wake_worker,
)

__all__ = [
    "Field",
    "Kind",
    "NamedSession",
    "Share",
    "missing_fields",
    "parse_values",
    "prepare_letters",
    "preview_content",
    "preview_pdf",
    "try_again",
    "wake_worker",
    "withdraw_letters",
]
