"""What is chosen for files that come in and go out."""

from datetime import date
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile as PostedFile

from accounts.fields import DatePartsField
from registers.imports.cells import YEAR_GROUPS
from registers.imports.uploads import MOST_BYTES
from registers.models.files import FILE_KINDS
from registers.rules.numbers import counted


class UploadForm(forms.Form):
    """A file, and what it is."""

    kind = forms.ChoiceField(
        label="What does the file hold?",
        choices=FILE_KINDS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the file holds"},
    )
    file = forms.FileField(
        label="File",
        help_text="CSV or Excel (.xlsx), or XML for a Common Transfer File. 20 MB at most",
        error_messages={"required": "Choose a file", "empty": "The file is empty"},
    )

    def clean_file(self) -> PostedFile:
        """Refuse a file that is larger than any school's."""
        posted: PostedFile = self.cleaned_data["file"]
        if (posted.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 20 MB: bring it in by the command")
        return posted

    def name(self) -> str:
        """Return the file's own name, without folders and without what no page should show."""
        posted: PostedFile = self.cleaned_data["file"]
        name = PurePath(str(posted.name or "file")).name
        return "".join(letter for letter in name if letter.isprintable())[:120] or "file"


class OptionsForm(forms.Form):
    """What is chosen beside a file; only the fields of its kind are there."""

    amend_reason = forms.CharField(
        label="Reason to amend marks that differ",
        help_text="Leave empty to refuse a file that says something else than the register",
        required=False,
        max_length=300,
    )
    present_from = DatePartsField(
        label="Mark every other session present: from", required=False, subject="The first day"
    )
    present_to = DatePartsField(label="to", required=False, subject="The last day")
    own = forms.BooleanField(label="The marks in it are this school’s own", required=False)
    class_name = forms.CharField(label="Class of new pupils", required=False, max_length=40)
    year_group = forms.ChoiceField(
        label="Year group of new pupils",
        required=False,
        choices=[("", "Choose"), *((year, year) for year in YEAR_GROUPS)],
    )
    start_date = DatePartsField(label="First day of new pupils", required=False, subject="The first day")

    FIELDS: dict[str, tuple[str, ...]] = {
        "marks": ("amend_reason", "present_from", "present_to"),
        "ctf": ("class_name", "year_group", "start_date", "own", "amend_reason"),
    }

    def __init__(self, data: Any = None, *, kind: str, options: dict[str, Any] | None = None) -> None:
        initial = {
            name: date.fromisoformat(value) if value and name.endswith(("_from", "_to", "_date")) else value
            for name, value in (options or {}).items()
        }
        super().__init__(data, initial=initial)
        for name in list(self.fields):
            if name not in self.FIELDS.get(kind, ()):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Ask for what goes together."""
        entered: dict[str, Any] = super().clean() or {}
        first, last = entered.get("present_from"), entered.get("present_to")
        if first and not last and "present_to" not in self.errors:
            self.add_error("present_to", "Enter the last day as well")
        if last and not first and "present_from" not in self.errors:
            self.add_error("present_from", "Enter the first day as well")
        if first and last and last < first:
            self.add_error("present_to", "The last day cannot be before the first")
        admission = ("class_name", "year_group", "start_date")
        if any(entered.get(name) for name in admission):
            for name in admission:
                if name in self.fields and not entered.get(name) and name not in self.errors:
                    self.add_error(name, "Class, year group and first day go together")
        return entered

    def options(self) -> dict[str, Any]:
        """Return what was chosen, as it is kept with the file."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.cleaned_data.items()
            if value
        }


class ExportForm(forms.Form):
    """What is given out, of which days, and as what."""

    what = forms.ChoiceField(
        label="What",
        choices=[
            ("register", "Register of a period: a row for each pupil, a column for each session"),
            ("marks", "Marks: a row for each mark"),
            ("figures", "Figures: possible, attended and absent sessions of each pupil"),
            ("pupils", "Admission register: pupils on roll in the period"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is given out"},
    )
    first_day = DatePartsField(label="From", error_messages={"required": "Enter the first day"})
    last_day = DatePartsField(label="To", error_messages={"required": "Enter the last day"})
    kind = forms.ChoiceField(
        label="As",
        choices=[("xlsx", "Spreadsheet (.xlsx)"), ("csv", "CSV")],
        initial="xlsx",
        widget=forms.RadioSelect,
    )

    LONGEST_DAYS = {"register": 70, "marks": 400, "figures": 400, "pupils": 4000}

    def clean(self) -> dict[str, Any]:
        """Refuse periods that make no file anybody can open."""
        entered: dict[str, Any] = super().clean() or {}
        first, last = entered.get("first_day"), entered.get("last_day")
        if first and last and "what" in entered:
            longest = self.LONGEST_DAYS[entered["what"]]
            if last < first:
                self.add_error("last_day", "The last day cannot be before the first")
            elif (last - first).days > longest:
                self.add_error("last_day", f"Choose {counted(longest, 'day')} or fewer")
        return entered
