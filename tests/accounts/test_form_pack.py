"""The crispy template pack: what the Design System asks of every form, asked of one form with every field."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms
from django.template import Context, Template

from accounts.fields import DatePartsField, Question, offer

COLOURS = [("red", "Red"), ("blue", "Blue")]


class EveryField(forms.Form):
    """One field of each kind."""

    name = forms.CharField(
        max_length=5, help_text="As on the register", error_messages={"required": "Enter the name"}
    )
    story = forms.CharField(widget=forms.Textarea)
    colour = forms.ChoiceField(choices=COLOURS)
    side = forms.ChoiceField(choices=COLOURS, widget=forms.RadioSelect, help_text="One of them")
    flags = forms.MultipleChoiceField(choices=COLOURS, widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="I agree")
    starts_on = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    evidence = forms.FileField()
    secret = forms.CharField(widget=forms.PasswordInput)
    count = forms.IntegerField(required=False, label="How many")
    token = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.add_input(Submit("save", "Save 3 things"))


class Page(HTMLParser):
    """The elements of a page, as (tag, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.elements.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        """Return the values of an attribute, in the order of the page."""
        return [str(attrs[attribute]) for _, attrs in self.elements if attribute in attrs]

    def by_id(self, wanted: str) -> dict[str, str | None]:
        """Return the attributes of the element with this id."""
        return next(attrs for _, attrs in self.elements if attrs.get("id") == wanted)


def rendered(form: forms.Form) -> str:
    """Return a form as a page shows it, its error summary above."""
    template = Template(
        "{% load crispy_forms_tags rollcall %}{% error_items form as problems %}"
        '{% if problems %}{% include "_partials/error_summary.html" %}{% endif %}{% crispy form %}'
    )
    return template.render(Context({"form": form}))


def date_form(day: str, month: str, year: str) -> EveryField:
    """Return the form with a date typed in three parts."""
    form = EveryField({"starts_on_day": day, "starts_on_month": month, "starts_on_year": year})
    form.full_clean()
    return form


class TestEmptyForm:
    """A form that nobody has filled in yet."""

    def test_has_no_browser_validation(self) -> None:
        page = Page(rendered(EveryField()))

        (form,) = [attrs for tag, attrs in page.elements if tag == "form"]
        assert "novalidate" in form
        assert [
            name
            for _, attrs in page.elements
            for name in ("required", "maxlength", "minlength")
            if name in attrs
        ] == []

    def test_has_a_label_for_every_control(self) -> None:
        page = Page(rendered(EveryField()))

        labelled = set(page.values("for"))
        controls = {
            attrs["id"]
            for tag, attrs in page.elements
            if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden"
        }
        assert controls == labelled

    def test_describes_controls_by_hints_that_exist_and_by_nothing_else(self) -> None:
        page = Page(rendered(EveryField()))

        assert page.values("aria-describedby") == ["id_name_hint", "id_side_hint"]
        assert {"id_name_hint", "id_side_hint"} <= set(page.values("id"))

    def test_names_groups_with_a_legend(self) -> None:
        page = Page(rendered(EveryField()))

        assert [tag for tag, _ in page.elements if tag == "legend"] == ["legend"] * 3

    def test_marks_what_is_optional_and_never_what_is_required(self) -> None:
        html = rendered(EveryField())

        assert "How many (optional)" in html
        assert html.count("(optional)") == 1
        assert "*" not in re.sub(r"<[^>]+>", "", html)

    def test_shows_no_error_summary(self) -> None:
        assert "There is a problem" not in rendered(EveryField())

    def test_says_the_act_on_its_button(self) -> None:
        assert '<button type="submit" class="govuk-button' in rendered(EveryField())
        assert ">Save 3 things</button>" in rendered(EveryField())

    def test_makes_the_label_of_a_question_the_heading(self) -> None:
        form = EveryField()
        form.helper.layout = Layout(Question("side"))

        assert '<h1 class="govuk-fieldset__heading">Side</h1>' in rendered(form)


class TestFormWithFaults:
    """The same form, sent with nothing in it."""

    @pytest.fixture
    def page(self) -> Page:
        return Page(rendered(EveryField({"token": ""})))

    def test_links_each_fault_to_a_control_that_exists(self, page: Page) -> None:
        links = [href for href in page.values("href") if href.startswith("#")]

        assert links == [
            "#id_name",
            "#id_story",
            "#id_colour",
            "#id_side_0",
            "#id_flags_0",
            "#id_agreed",
            "#id_starts_on_day",
            "#id_evidence",
            "#id_secret",
        ]
        assert {link.removeprefix("#") for link in links} <= set(page.values("id"))

    def test_says_the_same_beside_the_control_as_in_the_summary(self) -> None:
        html = rendered(EveryField({}))

        assert html.count("Enter the name") == 2
        assert html.count("Enter story") == 2
        assert html.count("Select side") == 2
        assert "This field is required" not in html

    def test_describes_a_wrong_control_by_hint_and_error(self, page: Page) -> None:
        assert page.by_id("id_name")["aria-describedby"] == "id_name_hint id_name_error"
        assert {"id_name_hint", "id_name_error"} <= set(page.values("id"))

    def test_has_no_id_twice(self, page: Page) -> None:
        ids = page.values("id")

        assert sorted(ids) == sorted(set(ids))

    def test_keeps_what_was_entered(self) -> None:
        form = EveryField(
            {
                "name": "Far too long",
                "side": "blue",
                "flags": ["red"],
                "starts_on_day": "31",
                "starts_on_month": "feb",
            }
        )

        page = Page(rendered(form))

        assert page.by_id("id_name")["value"] == "Far too long"
        assert "checked" in page.by_id("id_side_1")
        assert "checked" in page.by_id("id_flags_0")
        assert (page.by_id("id_starts_on_day")["value"], page.by_id("id_starts_on_month")["value"]) == (
            "31",
            "feb",
        )

    def test_never_gives_a_password_back(self) -> None:
        page = Page(rendered(EveryField({"secret": "hunter2hunter2"})))

        assert "value" not in page.by_id("id_secret")


class TestDateParts:
    """A date in three inputs."""

    @pytest.mark.parametrize("month", ["3", "03", "mar", "March", "MARCH"])
    def test_takes_a_month_as_number_or_name(self, month: str) -> None:
        assert date_form(" 5", month, "2026 ").cleaned_data["starts_on"] == date(2026, 3, 5)

    @pytest.mark.parametrize(
        ("typed", "message", "wrong"),
        [
            (("", "", ""), "Enter the first day", "day"),
            (("", "3", "2026"), "First day must include a day", "day"),
            (("5", "", ""), "First day must include a month and year", "month"),
            (("5", "3", "26"), "Year must include 4 numbers", "year"),
            (("5", "13", "2026"), "First day must be a real date", "month"),
            (("31", "2", "2026"), "First day must be a real date", "day"),
            (("0", "2", "2026"), "First day must be a real date", "day"),
            (("5", "mars", "2026"), "First day must be a real date", "month"),
            (("x", "3", "2026"), "First day must be a real date", "day"),
        ],
    )
    def test_says_what_is_wrong_and_leads_to_the_first_wrong_input(
        self, typed: tuple[str, str, str], message: str, wrong: str
    ) -> None:
        form = date_form(*typed)

        assert form.errors["starts_on"] == [message]
        assert f'href="#id_starts_on_{wrong}">{message}</a>' in rendered(form)

    def test_marks_only_the_inputs_that_are_wrong(self) -> None:
        page = Page(rendered(date_form("5", "13", "2026")))

        marked = {
            part: "govuk-input--error" in str(page.by_id(f"id_starts_on_{part}")["class"])
            for part in ("day", "month", "year")
        }
        assert marked == {"day": False, "month": True, "year": False}

    def test_shows_a_date_it_is_given(self) -> None:
        page = Page(rendered(EveryField(initial={"starts_on": date(2026, 11, 24)})))

        shown = [page.by_id(f"id_starts_on_{part}")["value"] for part in ("day", "month", "year")]
        assert shown == ["24", "11", "2026"]


class TestOfferingChoices:
    def test_lets_one_form_take_them_and_no_other(self) -> None:
        class Asking(forms.Form):
            several = forms.MultipleChoiceField()

        form = Asking({"several": ["1", "2"]})
        offer(form, "several", ((str(number), f"Pupil {number}") for number in (1, 2)))

        assert form.is_valid()
        assert form.cleaned_data == {"several": ["1", "2"]}
        assert not Asking({"several": ["1"]}).is_valid()

    def test_is_a_mistake_where_nothing_can_be_chosen(self) -> None:
        form = date_form("5", "3", "2026")

        with pytest.raises(TypeError, match="starts_on is not a field with choices"):
            offer(form, "starts_on", [("1", "One")])
