"""What is typed on pages of letters."""

from django import forms

from letters.models import LetterState


class SearchForm(forms.Form):
    """Find letters by the pupil's name and by state."""

    name = forms.CharField(label="Pupil’s name", required=False, max_length=100)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *LetterState.choices]
    )
