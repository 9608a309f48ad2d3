"""
The shipped policies carry every value that was taken from the policy documents, each with its source.

`data/reference_values.jsonl` holds those values as they were first written down, one section of one policy
a line. `RENAMED` lists every place where the shipped files use another name or form for the same value.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from escalation.rules.loading import (
    POLICIES,
    SHIPPED,
    activation_faults,
    check_text,
    national,
    shipped_policy,
    shipped_text,
)
from registers.rules.codes import NATIONAL_CODES

REFERENCE = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "reference_values.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
# (policy, path in the reference) -> path and value in the shipped file.
RENAMED: dict[tuple[str, str], tuple[str, Any]] = {
    ("national", "penalty_threshold.codes_named_by_seeds"): (
        "penalty_threshold.codes_named_by_documents",
        ["G", "O", "U"],
    ),
    ("werrington", "policy.approved"): (
        "policy.approved",
        {"date": "2025-10-06", "wording": "6 October 2025"},
    ),
    ("werrington", "policy.discussed"): (
        "policy.discussed",
        {"date": "2025-09-29", "wording": "29 September 2025"},
    ),
    ("werrington", "policy.review_due"): (
        "policy.review_due",
        {"date": "2026-09-30", "wording": "September 2026"},
    ),
    ("werrington", "part_time.review_weeks"): ("part_time.review", {"weeks": None}),
    ("strathmore", "policy.approved"): ("policy.approved", {"date": "2025-09-01", "wording": "Autumn 2025"}),
    ("strathmore", "policy.review_due"): (
        "policy.review_due",
        {"date": "2026-12-31", "wording": "Autumn 2026"},
    ),
    ("strathmore", "part_time.review"): ("part_time.review", {"when": "when_significant_period_passed"}),
    ("strathmore", "letters.items[5].url_in_seed"): ("letters.items[5].url_in_document", True),
    ("lunts_heath", "policy.guidance_from"): (
        "policy.guidance_from",
        {"date": "2024-08-19", "wording": "19 August 2024"},
    ),
    ("lunts_heath", "evidence.kinds"): (
        "evidence.evidence_kinds",
        ["doctor_note", "prescription", "appointment_card", "other"],
    ),
    ("lunts_heath", "register.n_deadline_working_days"): ("register.n_deadline_school_days", 5),
    ("lunts_heath", "cohorts.named"): (
        "cohorts.named",
        [
            *[
                "send",
                "ehcp",
                "medical",
                "mental_health",
                "social_worker",
                "mobile_traveller",
                "armed_forces",
            ],
            *["youth_offending", "suspended", "dual_registered", "non_compulsory_age"],
        ],
    ),
    ("welbourn", "policy.approved"): ("policy.approved", {"date": "2024-09-01", "wording": "September 2024"}),
    ("welbourn", "policy.review_due"): (
        "policy.review_due",
        {"date": "2025-09-30", "wording": "September 2025"},
    ),
    ("welbourn", "part_time.review_weeks"): ("part_time.review", {"weeks": 4}),
    ("welbourn", "cohorts.named"): ("cohorts.named", ["part_time", "ebsa", "medical", "armed_forces"]),
    ("leedon", "policy.approved"): ("policy.approved", {"date": "2024-10-01", "wording": "October 2024"}),
    ("leedon", "policy.staff_consulted"): (
        "policy.staff_consulted",
        {"date": "2024-07-01", "wording": "July 2024"},
    ),
    ("leedon", "policy.review_due"): ("policy.review_due", {"date": "2025-10-31", "wording": "October 2025"}),
} | {
    (name, "schema"): ("schema", "attendance-policy/2")
    for name in ("national", "werrington", "strathmore", "lunts_heath", "welbourn", "leedon")
}


def shipped_data(name: str) -> Any:
    return yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))


def at(data: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        data = data[int(step[1:-1])] if step.startswith("[") else data[step]
    return data


def values_of(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give every value with its path; a list of plain values, such as codes or sources, is one value."""
    if isinstance(data, dict) and data:
        for key, item in data.items():
            yield from values_of(item, f"{path}.{key}" if path else key)
    elif isinstance(data, list) and any(isinstance(item, dict | list) for item in data):
        for place, item in enumerate(data):
            yield from values_of(item, f"{path}[{place}]")
    else:
        yield path, data


class TestTheShippedPolicies:
    @pytest.mark.parametrize("entry", REFERENCE, ids=lambda entry: f"{entry['policy']}-{entry['section']}")
    def test_lose_no_value_and_no_source_of_the_documents(self, entry):
        shipped = shipped_data(entry["policy"])

        for path, value in values_of(entry["value"], entry["section"]):
            new_path, new_value = RENAMED.get((entry["policy"], path), (path, value))
            if path.endswith("src"):
                assert set(value) <= set(at(shipped, new_path)), path
            else:
                assert at(shipped, new_path) == new_value, path

    def test_name_every_renaming_of_a_value_that_the_reference_has(self):
        paths = {
            (entry["policy"], path)
            for entry in REFERENCE
            for path, _ in values_of(entry["value"], entry["section"])
        }

        assert set(RENAMED) <= paths

    @pytest.mark.parametrize("name", ["national", *SHIPPED])
    def test_load_without_a_fault(self, name):
        assert check_text((POLICIES / f"{name}.yaml").read_bytes(), name=name) == ()

    @pytest.mark.parametrize("name", SHIPPED)
    def test_cannot_come_into_force_before_the_afternoon_window_is_set_gen_13(self, name):
        faults = activation_faults(shipped_text(name), name=name)

        assert "day.pm.register_opens" in {fault.path for fault in faults}

    @pytest.mark.parametrize("name", SHIPPED)
    def test_all_share_daily_figures_with_the_department(self, name):
        assert shipped_policy(name).monitoring.dfe_daily is True

    def test_welbourn_states_no_end_of_day_wel_17(self):
        faults = activation_faults(shipped_text("welbourn"), name="welbourn")

        assert [fault.path for fault in faults] == [
            "day.pm.register_closes",
            "day.pm.register_opens",
            "day.ends[0].at",
        ]

    def test_werrington_names_the_support_team_that_letter_2_invites(self):
        policy = shipped_policy("werrington")

        meeting = policy.rung("wer_d8").do[1].meeting
        assert meeting is not None
        assert meeting.with_roles == ("attendance_champion", "letter_signatory", "support_team")
        assert policy.roles["support_team"].title == "Support team"

    def test_review_dates_are_days_that_can_be_compared_wel_28_lee_15(self):
        due = {key: shipped_policy(key).policy.review_due for key in SHIPPED}

        assert {key: stated.day for key, stated in due.items() if stated} == {
            "werrington": date(2026, 9, 30),
            "strathmore": date(2026, 12, 31),
            "welbourn": date(2025, 9, 30),
            "leedon": date(2025, 10, 31),
        }

    def test_each_rung_knows_the_lines_it_comes_from(self):
        policy = shipped_policy("werrington")

        assert policy.source_of("ladder.rungs[2].do[0].letter") == (
            "000:157-159",
            "000:403-405",
            "fix:WER-04",
        )
        assert policy.source_of("ladder.basis") == ("000:157-161", "000:379-471")


class TestTheNationalValues:
    def test_class_every_code_as_the_registers_count_it(self):
        in_force = {rule.symbol: rule for rule in NATIONAL_CODES if rule.valid_to is None}
        stated = national().codes

        assert set(stated) == set(in_force)
        assert {symbol: entry.stat for symbol, entry in stated.items()} == {
            symbol: str(rule.statistical_class) for symbol, rule in in_force.items()
        }
        assert {symbol for symbol, entry in stated.items() if entry.late} == {"L", "U"}

    def test_choose_the_penalty_amount_by_the_date_of_the_offence_gen_07(self):
        bands = national().penalty_amounts.bands

        def amounts(on: date) -> list[tuple[int, int]]:
            return [(band.first_discounted, band.first_full) for band in bands if band.covers(on)]

        assert amounts(date(2024, 8, 18)) == [(60, 120)]
        assert amounts(date(2024, 8, 19)) == [(80, 160)]

    def test_count_g_n_o_and_u_towards_the_threshold_gen_06(self):
        threshold = national().penalty_threshold

        assert (threshold.sessions, threshold.window_school_weeks) == (10, 10)
        assert threshold.codes_counted == ("G", "N", "O", "U")
        assert threshold.unresolved_codes == ("N",)
