"""Every supplied template: whole, humane, and free of amounts, citations and pronouns typed by hand."""

import re
from itertools import combinations

import pytest

from letters.errors import UnknownTemplate
from letters.rules import samples
from letters.rules.catalogue import TEMPLATES, template_for
from letters.rules.content import Bullets, Text, Wording
from letters.rules.fields import Kind, Need
from letters.rules.merging import merge_template
from letters.rules.templates import LetterTemplate, Paragraph, Piece, condition, pieces

EACH = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
AMOUNTS_AND_LAW = re.compile(
    r"£|pounds?\b|\bs\.? ?444|\bsection \d|(?-i:\bAct\b)|regulations?\b|"
    r"\b(60|80|120|160|1,?000|2,?500)\b|\bfine[ds]?\b",
    re.IGNORECASE,
)


def filled(template: LetterTemplate, **values: object) -> Wording:
    """Return the template with its sample values, some of them changed."""
    return merge_template(
        template,
        samples.sample_values(template) | values,
        on=samples.ON,
        reference=samples.REFERENCE,
        school="Harbour Lane Primary School",
        signature="Rosalind Achterberg",
    )


def words_of(wording: Wording) -> str:
    """Return the sentences of a letter, without headings and tables."""
    lines = []
    for block in wording.blocks:
        if isinstance(block, Text):
            lines.append("".join(run.text for run in block.runs))
        elif isinstance(block, Bullets):
            lines += ["".join(run.text for run in item) + "." for item in block.items]
    return "\n".join(lines)


def syllables(word: str) -> int:
    """Count the syllables of an English word as readability formulas do: groups of vowels, no silent ends."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    count = len(re.findall(r"[aeiouy]+", letters))
    if count > 1 and letters.endswith("e") and not letters.endswith("le"):
        count -= 1
    if count > 1 and letters.endswith("ed") and not letters.endswith(("ted", "ded")):
        count -= 1
    return max(count, 1)


def reading_age(text: str) -> float:
    """Return the Flesch-Kincaid grade plus five: the age at which a child in England reads the text."""
    sentences = [one for one in re.split(r"(?<=[.!?:])\s+", text) if re.search("[a-z]", one)]
    words = re.findall(r"[A-Za-z’]+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59 + 5


class TestEverySuppliedTemplate:
    @EACH
    def test_has_no_fault(self, template: LetterTemplate) -> None:
        assert template.faults() == []

    @EACH
    def test_holds_no_amount_or_citation_of_its_own(self, template: LetterTemplate) -> None:
        found = [match[0] for text in template.texts for match in AMOUNTS_AND_LAW.finditer(text)]
        assert found == []

    @EACH
    def test_calls_the_child_they(self, template: LetterTemplate) -> None:
        found = re.findall(r"\b(he|she|him|her|his|hers|himself|herself)\b", " ".join(template.texts), re.I)
        assert found == []

    @EACH
    def test_says_pupil_or_child_and_never_student(self, template: LetterTemplate) -> None:
        assert "student" not in " ".join(template.texts).lower()

    @EACH
    def test_reads_at_about_eleven(self, template: LetterTemplate) -> None:
        assert reading_age(words_of(filled(template))) < 11.5

    @EACH
    def test_names_the_pupil_in_its_subject(self, template: LetterTemplate) -> None:
        assert "Olumide" in filled(template).subject

    @EACH
    def test_offers_a_person_unless_it_is_praise(self, template: LetterTemplate) -> None:
        offered = "01632\u00a0960\u00a0123" in words_of(filled(template))
        assert offered is (template.tone != "praise")

    @EACH
    def test_can_be_printed_with_its_required_fields_alone(self, template: LetterTemplate) -> None:
        required = {field.name for field in template.fields if field.need is Need.REQUIRED}
        values = {name: value for name, value in samples.sample_values(template).items() if name in required}
        if template.key in ("wel_leave_decision", "leave_decision"):  # granted leave has its days
            values |= {"decision": "refused", "refusal_reason": "The dates can be moved."}

        wording = merge_template(template, values, on=samples.ON, reference="R", school="S", signature="H")

        assert wording.blocks

    @EACH
    def test_can_be_printed_with_any_two_circumstances(self, template: LetterTemplate) -> None:
        flags = [field.name for field in template.fields if field.kind is Kind.FLAG]
        flags = [name for name in flags if name != "below_compulsory_age" or not template.guards]
        for pair in combinations(flags, 2):
            assert "{" not in words_of(filled(template, **dict.fromkeys(pair, True)))

    @EACH
    def test_says_that_it_is_supplied_where_the_policy_has_no_text(self, template: LetterTemplate) -> None:
        with_text = {
            *("wer_1", "wer_2", "wer_3", "wer_4", "wer_nti"),
            *("str_A", "str_B", "str_C", "str_D", "str_E"),
            *("wel_1", "wel_2", "wel_3", "wel_4", "wel_5", "wel_late", "wel_leave_decision"),
        }
        assert template.from_policy is (template.key in with_text)

    def test_is_found_by_its_key(self) -> None:
        assert template_for("wer_1").title == "Attendance letter 1"

    def test_that_does_not_exist_is_named(self) -> None:
        with pytest.raises(UnknownTemplate, match="There is no letter template called wer_99"):
            template_for("wer_99")


class TestKindness:
    @EACH
    def test_no_threat_reaches_the_parent_of_an_ill_child(self, template: LetterTemplate) -> None:
        """Only authorised absence: either nothing legal is said, or the letter cannot be printed at all."""
        if "absent_dates" not in samples.sample_values(template) or template.guards:
            return
        values = {"absent_dates": samples.LONG_ILLNESS, "significant_medical": True}
        declared = {field.name for field in template.fields}
        words = words_of(filled(template, **{name: values[name] for name in values.keys() & declared}))
        assert not re.search(r"court|penalty|fine\b|legal|prison|law\b", words)

    @EACH
    def test_a_letter_that_warns_is_refused_for_authorised_absence_and_young_children(
        self, template: LetterTemplate
    ) -> None:
        warns = {"court_penalties", "warning", "penalty_amounts"} & {field.name for field in template.fields}
        if warns:
            assert any(guard.when == "not below_compulsory_age" for guard in template.guards)
            assert template.key == "wel_holiday_warning" or len(template.guards) == 3

    def test_a_known_medical_need_is_met_with_understanding(self) -> None:
        words = words_of(filled(template_for("wer_1"), significant_medical=True))
        assert "this letter is not a complaint" in words
        assert "nobody is blaming you" not in words  # said once, not twice

    def test_grief_comes_first(self) -> None:
        words = words_of(filled(template_for("wer_3"), bereavement=True))
        assert words.startswith("We are sorry to write at such a sad time.")

    def test_a_long_panel_letter_speaks_of_legal_action_only_for_unauthorised_absence(self) -> None:
        template = template_for("wer_4")
        assert "legal action" in words_of(filled(template))
        assert "legal action" not in words_of(filled(template, absent_dates=samples.LONG_ILLNESS))
        assert "legal action" not in words_of(filled(template, below_compulsory_age=True))
        assert "legal action" not in words_of(filled(template, significant_medical=True))


class TestTemplateText:
    def test_splits_into_words_fields_and_strong_words(self) -> None:
        assert pieces("a {b} **c {d}** e") == (
            Piece("a "),
            Piece("", field="b"),
            Piece(" "),
            Piece("c ", strong=True),
            Piece("", field="d", strong=True),
            Piece(" e"),
        )

    @pytest.mark.parametrize("text", ["{", "a } b", "{A}", "{a.b}", "{a!r}", "{0}", "{{a}}", "{%if%}", "**a"])
    def test_refuses_anything_else_between_braces(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"stray|without an end"):
            pieces(text)

    def test_conditions_are_names_with_and_without_not(self) -> None:
        assert condition("a and not b_c") == (("a", True), ("b_c", False))
        assert condition("") == ()

    @pytest.mark.parametrize("when", ["a or b", "a and", "__import__('os')", "a == 1", "not not a"])
    def test_conditions_are_nothing_else(self, when: str) -> None:
        with pytest.raises(ValueError, match="is not a condition"):
            condition(when)

    def test_faults_name_every_field_and_statement_that_is_unknown(self) -> None:
        whole = template_for("wer_1")
        template = LetterTemplate(
            key="t",
            title="T",
            version=1,
            subject="{nobody}",
            body=(Paragraph("{max_year_pct}"), Paragraph("x", when="moon_is_full"), Paragraph("{")),
            fields=whole.fields,
            tone="support",
            from_policy=True,
        )

        assert template.faults() == [
            "nobody is not declared",
            "a stray { in “{”",
            "moon_is_full is neither a field nor a statement",
            "max_year_pct may be empty in “{max_year_pct}”",
        ]
