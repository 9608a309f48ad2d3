"""What the loader of policies refuses, each with one clear line that names the place."""

import re

import pytest

from escalation.rules.loading import (
    SHIPPED,
    PolicyFaults,
    activation_faults,
    check_text,
    load_policy,
    shipped_policy,
    shipped_text,
)
from escalation.rules.reading import LONGEST_POLICY
from escalation.rules.sources import problem_of
from escalation.rules.upgrading import stated_date
from tests.escalation.policies import changed

WITH_PM = (
    "pm: {register_opens: null, register_closes: null,",
    'pm: {register_opens: "13:00", register_closes: "13:15",',
)


def faults(text: str | bytes) -> list[str]:
    """Give the faults of a policy's text as the lines that a person sees, without their line numbers."""
    return [re.sub(r"^line \d+: ", "", str(fault)) for fault in check_text(text, name="p.yaml")]


class TestThePolicyLoaderRefuses:
    @pytest.mark.parametrize(
        ("key", "old", "new", "fault"),
        [
            (
                *("werrington", 'gates_open: "08:40"', 'gates_opne: "08:40"'),
                "day.gates_opne: unknown key",
            ),
            (
                *("werrington", "value: 17}", "valeu: 17}"),
                "ladder.rungs[5].when.valeu: unknown key",
            ),
            (
                *("werrington", "do: [{letter: wer_notice_3}]", "do: [{letter: wer_0}]"),
                "ladder.rungs[0].do[0].letter: there is no letter wer_0 under letters.items",
            ),
            (
                *("strathmore", "after: str_2", "after: str_9"),
                "ladder.rungs[3].after: the rung str_9 does not exist",
            ),
            (
                *("strathmore", "after: str_1\n", "after: str_3\n"),
                "ladder.rungs[2].after: the rung str_3 stands later",
            ),
            (
                *("strathmore", "replaces: [str_1, str_2, str_3]", "replaces: [str_1, str_8]"),
                "ladder.rungs[0].replaces: there is no other rung str_8",
            ),
            (
                *("strathmore", "to: at_letter(str_C)", "to: at_letter(str_E2)"),
                "ladder.rungs[3].when.all[1].to: no rung sends a letter str_E2",
            ),
            (
                *("werrington", "weekly_for: [wer_d10]", "weekly_for: [wer_d11]"),
                "monitoring.weekly_for: there is no rung wer_d11",
            ),
            (
                *("werrington", "with: [leadership_team], companion", "with: [board], companion"),
                "ladder.rungs[5].do[1].meeting.with: there is no role board under roles",
            ),
            (
                *("werrington", "merge: [pupil, absence_days], src", 'merge: [pupil, "£80 or £160"], src'),
                "letters.items[0].merge[1]: an amount of money is typed here; "
                "amounts come from the national table (GEN-07)",
            ),
            (
                *("werrington", 'late_after: "08:50", reg', 'late_after: "09:21", reg'),
                "day.am: register_closes is before late_after",
            ),
            (
                *("werrington", 'register_closes: "09:20"', 'register_closes: "09:21"'),
                "day.am: the register is open for 31 minutes; at most 30 are allowed",
            ),
            (
                *("lunts_heath", "pm: {register_opens: null,", 'pm: {register_opens: "12:59",'),
                "day.pm: the register is open for 31 minutes; at most 30 are allowed",
            ),
            (
                *("werrington", '  src: ["000:387"]\n', ""),
                "targets.school_pct: this value has no src",
            ),
            (
                *("werrington", '  src: ["000:387"]\n', '  src: ["000:386"]\n'),
                "targets.src: '000:386' names only blank lines of document 000",
            ),
            (
                *("werrington", '  src: ["000:387"]\n', '  src: ["000:476"]\n'),
                "targets.src: '000:476' names no line of document 000, which has lines 1 to 475",
            ),
            (
                *("werrington", '  src: ["000:387"]\n', '  src: ["fix:WER-20"]\n'),
                "targets.src: 'fix:WER-20' names no resolution",
            ),
            (
                *("werrington", "school_pct: 97", "school_pct: 101"),
                "targets.school_pct: must be a percentage between 0 and 100",
            ),
            (
                *("werrington", 'codes: ["L", "U"], window', "codes: [no, yes], window"),
                "lateness.rungs[0].when.codes[0]: no would be read as true or false: "
                'quote attendance codes ("no")',
            ),
            (
                *("werrington", 'codes: ["L", "U"], window', 'codes: ["L", "I"], window'),
                "lateness.rungs[0].when.codes: I is no late code (L, U)",
            ),
            (
                *("werrington", 'holiday: "G", other: "O"}\n  if_no', 'holiday: "G", other: "0"}\n  if_no'),
                "leave.if_refused_and_taken.other: '0' is not a national attendance code (quote every code)",
            ),
            (
                *("werrington", 'deadline: "09:20"', "deadline: 9:20"),
                'reporting.deadline: 9:20 would be read as a number: quote times ("9:20")',
            ),
            (
                *("werrington", "id: wer_d5", "id: wer_d3"),
                "ladder.rungs[1].id: a rung wer_d3 stands twice",
            ),
            (
                *("werrington", "id: wer_d5", "id: threshold"),
                "ladder.rungs[1].id: threshold is a name that the sweep uses itself",
            ),
            (
                *("werrington", "when: {measure: absence_days, op: \">=\", value: 3}", "when: {}"),
                "ladder.rungs[0].when: is not a condition: it needs one of the keys all, any, not, measure, "
                "compare, flag, has_mark, always, review, manual",
            ),
            (
                *("werrington", "[{letter: wer_notice_3}]", "[{letter: wer_notice_3, task: ring}]"),
                "ladder.rungs[0].do[0]: an action has exactly one key, such as letter or meeting",
            ),
            (
                *("leedon", "value: 95}\n", "value: term_threshold}\n"),
                "ladder.rungs[0].when.value: the ladder has no term_threshold_pct",
            ),
            (
                *("lunts_heath", "min_weeks: 3", "min_weeks: 2"),
                "nti.min_weeks: must be at least 3",
            ),
            (
                *("lunts_heath", "retention_years: 6", "retention_years: 5"),
                "register.retention_years: must be at least 6",
            ),
            (
                *("werrington", "{title: Headteacher}", "{title: Headteacher head@school.example}"),
                "roles.letter_signatory.title: contact details of people stand in role assignments, "
                "never in a policy (GEN-24)",
            ),
        ],
    )  # fmt: skip
    def test_what_a_policy_may_not_say(self, key, old, new, fault):
        assert fault in faults(changed(key, (old, new)))

    def test_every_fault_at_once_in_the_order_of_the_lines(self):
        text = changed(
            "werrington",
            ('gates_open: "08:40"', 'gates_opne: "08:40"'),
            ("do: [{letter: wer_notice_3}]", "do: [{letter: wer_0}]"),
            ('  src: ["000:387"]\n', ""),
            ("  key: werrington\n", ""),
        )

        found = check_text(text, name="p.yaml")

        assert [str(fault) for fault in found] == [
            "line 2: school.key: is missing",
            "line 27: day.gates_open: is missing",
            "line 29: day.gates_opne: unknown key",
            "line 59: targets.school_pct: this value has no src",
            "line 80: ladder.rungs[0].do[0].letter: there is no letter wer_0 under letters.items",
        ]

    def test_a_file_that_is_no_mapping(self):
        assert faults("- a\n- b\n") == ["a policy is a mapping of keys to values"]
        assert faults("") == ["a policy is a mapping of keys to values"]

    def test_another_schema(self):
        assert faults("schema: attendance-policy/3\n") == [
            "schema: must be attendance-policy/2 (or attendance-policy/1)"
        ]

    def test_the_national_values_in_place_of_a_school(self):
        with pytest.raises(PolicyFaults) as refused:
            load_policy("schema: attendance-policy/2\nkind: national\n", name="n.yaml")

        assert refused.value.lines == (
            "n.yaml: line 1: kind: these are the national values, not a school's policy",
        )

    def test_a_key_that_stands_twice(self):
        text = changed("werrington", ("  each_day: true\n", "  each_day: true\n  each_day: false\n"))

        assert faults(text) == ["reporting.each_day: the key stands twice (first on line 40)"]


class TestHostileFiles:
    def test_an_alias_is_refused_before_it_can_swell(self):
        bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        )

        assert faults(bomb) == ["anchors and aliases (& and *) are not allowed; write the value out"]

    def test_a_file_beyond_the_size_limit_is_not_read(self):
        assert faults("a" * (LONGEST_POLICY + 1)) == ["the file is longer than 256 kB"]

    def test_deep_nesting_is_refused(self):
        assert faults("[" * 5_000) == ["nested deeper than 24 levels"]

    def test_a_tag_that_would_build_an_object_is_refused(self):
        found = faults(
            changed(
                "werrington", ("  name: Werrington Primary School\n", "  name: !!python/name:os.system x\n")
            )
        )

        assert "school.name: the tag tag:yaml.org,2002:python/name:os.system is not allowed" in found

    def test_two_documents_are_refused(self):
        assert faults("a: 1\n---\nb: 2\n") == ["a policy file holds one document only"]

    def test_bytes_that_are_no_text_are_refused(self):
        assert faults(b"a: \xff\n") == ["the file is not UTF-8 text (byte 3)"]

    def test_an_unquoted_hash_gets_the_hint_to_quote_codes(self):
        (fault,) = faults("codes: [#, N]\n")

        assert fault.endswith('quote every attendance code, such as "#" or "\\\\"')

    @pytest.mark.parametrize(
        "text", ["\x00", "a: \x07", "? [a]\n: b\n", "<<: {a: 1}\n", "a: .nan\n", "a: 0x10\n"]
    )
    def test_odd_yaml_gets_a_fault_and_never_an_exception(self, text):
        assert check_text("schema: attendance-policy/2\n" + text, name="p.yaml")


class TestSources:
    @pytest.mark.parametrize(
        "source", ["nat", "000:157", "000:157-159", "004:266", "fix:GEN-24", "fix:WEL-29"]
    )
    def test_sound_ones_name_something(self, source):
        assert problem_of(source) is None

    @pytest.mark.parametrize(
        "source",
        [
            "",
            "NAT",
            "005:1",
            "000:0",
            "000:9-8",
            "000:1-3",
            "fix:GEN-25",
            "fix:GEN-00",
            "fix:ABC-01",
            "fix:LEE-17",
            "000",
        ],
    )
    def test_unsound_ones_name_nothing(self, source):
        assert problem_of(source) is not None


class TestActivation:
    def test_needs_an_afternoon_window_gen_13(self):
        found = activation_faults(shipped_text("werrington"), name="w")

        assert [str(fault) for fault in found] == [
            "line 32: day.pm.register_closes: must be set before the policy can be activated (GEN-13)",
            "line 32: day.pm.register_opens: must be set before the policy can be activated (GEN-13)",
        ]

    def test_is_possible_with_one(self):
        assert activation_faults(changed("werrington", WITH_PM), name="w") == ()

    def test_needs_the_window_to_end_before_the_earliest_end_of_day_lee_03(self):
        text = changed("leedon", (WITH_PM[0], 'pm: {register_opens: "13:10", register_closes: "13:30",'))

        assert [str(fault) for fault in activation_faults(text, name="l")] == [
            "line 34: day.ends[1].at: the afternoon register closes at 13:30, "
            "not before the day ends at 13:30 (fri)"
        ]

    def test_a_window_before_the_friday_end_is_enough_lee_03(self):
        text = changed("leedon", (WITH_PM[0], 'pm: {register_opens: "13:00", register_closes: "13:15",'))

        assert activation_faults(text, name="l") == ()


class TestFilesOfTheFirstSchema:
    def first(self, key: str) -> str:
        return changed(key, ("schema: attendance-policy/2", "schema: attendance-policy/1"))

    @pytest.mark.parametrize("key", SHIPPED)
    def test_still_load(self, key):
        assert check_text(self.first(key), name=key) == ()

    def test_old_names_are_brought_up_to_date(self):
        text = (
            self.first("lunts_heath")
            .replace("  evidence_kinds: [", "  kinds: [")
            .replace("  letter: lun_evidence\n  notice_letter: lun_unauthorise_notice\n", "")
            .replace("n_deadline_school_days", "n_deadline_working_days")
            .replace("  dfe_daily: true\n", "")
            .replace("[send, ehcp, medical", "[send_ehcp, medical")
            .replace('{date: "2024-08-19", wording: "19 August 2024"}', '"2024-08-19"')
        )

        upgraded = load_policy(text, name="lunts_heath.yaml")

        assert upgraded == shipped_policy("lunts_heath")

    def test_old_dates_and_reviews_are_brought_up_to_date(self):
        text = (
            self.first("welbourn")
            .replace('{date: "2024-09-01", wording: "September 2024"}', '"2024-09"')
            .replace('{date: "2025-09-30", wording: "September 2025"}', '"2025-09"')
            .replace("review: {weeks: 4}", "review_weeks: 4")
            .replace("medical, armed_forces]", "medical, military]")
            .replace("  dfe_daily: true\n", "")
        )

        assert load_policy(text, name="welbourn.yaml") == shipped_policy("welbourn")

    def test_a_role_that_is_invited_but_not_listed_is_added(self):
        text = re.sub(r"  support_team: .*\n", "", self.first("werrington"))

        assert load_policy(text, name="w").roles["support_team"].title == "Support team"

    def test_faults_still_name_the_lines_of_the_old_file(self):
        text = self.first("lunts_heath").replace("  evidence_kinds: [doctor_note", "  kinds: [7")

        (fault,) = check_text(text, name="l")

        assert str(fault) == "line 54: evidence.evidence_kinds[0]: must be text"

    @pytest.mark.parametrize(
        ("text", "last_day", "day", "wording"),
        [
            ("2025-10-06", True, "2025-10-06", "6 October 2025"),
            ("2026-09", True, "2026-09-30", "September 2026"),
            ("2024-10", False, "2024-10-01", "October 2024"),
            ("2026-autumn", True, "2026-12-31", "Autumn 2026"),
            ("2025-autumn", False, "2025-09-01", "Autumn 2025"),
        ],
    )
    def test_dates_by_month_and_term_become_days_with_their_wording(self, text, last_day, day, wording):
        read = stated_date(text, last_day=last_day)

        assert read is not None
        assert (read[0].isoformat(), read[1]) == (day, wording)

    @pytest.mark.parametrize("text", ["soon", "2025-13", "2025-02-30", "2025-winter"])
    def test_what_is_no_date_stays_and_is_refused_by_the_schema(self, text):
        assert stated_date(text, last_day=True) is None
