"""What is typed on pages of letters."""

from django import forms

from letters.models import LetterState, MessageChannel, MessageState
from letters.selectors.messages import NOT_ARRIVED


class SearchForm(forms.Form):
    """Find letters by the pupil's name and by state."""

    name = forms.CharField(label="Pupil’s name", required=False, max_length=100)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Any state"), *LetterState.choices]
    )


class MessageSearchForm(forms.Form):
    """Find messages by the name of the pupil or the person, by state and by channel."""

    name = forms.CharField(label="Name of pupil or parent", required=False, max_length=100)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "Any state"), (NOT_ARRIVED, "Did not arrive"), *MessageState.choices],
    )
    channel = forms.ChoiceField(
        label="By", required=False, choices=[("", "E-mail or text"), *MessageChannel.choices]
    )
