"""Each rule of the house trips on a breach and lets the right way pass."""

from pathlib import Path

import pytest

from tools import house_rules

CLOCK = "ask registers.clock.present_moment() in views, tasks and commands, and pass the time on"
SHEET = "put it in a style sheet: the policy refuses it"
BREACHES = [
    ("templates/a.html", '<p style="color:red">', SHEET),
    ("templates/a.html", "<style>", SHEET),
    ("templates/a.html", "<script>alert(1)</script>", "put the script in a file under static/"),
    ("templates/a.html", '<button onclick="go()">', "listen from a script under static/"),
    ("templates/a.html", '<div hx-on:click="go()">', "listen from a script under static/"),
    (
        "templates/a.html",
        '<script src="https://cdn.example/x.js"></script>',
        "serve it from static/: pages load nothing from other machines",
    ),
    ("letters/views.py", "# TODO later", "do it, or file it as an issue"),
    ("letters/views.py", "now = timezone.now()", CLOCK),
    ("escalation/services/a.py", "day = date.today()", CLOCK),
    ("docs/a.md", "see /home/jo/rollcall", "name no folder of one machine"),
]
RIGHT_WAYS = [
    ("templates/a.html", "<script src=\"{% static 'rollcall/grid.js' %}\" defer></script>"),
    ("templates/a.html", '<script type="application/json">{}</script>'),
    ("templates/a.html", '<a href="https://www.gov.uk/">guidance</a>'),
    ("templates/a.html", '<p class="style">'),
    ("registers/clock.py", "return timezone.now()"),
    ("accounts/adapters.py", "moment = timezone.now()"),
    ("letters/services/a.py", "on = timezone.localdate(at)"),
    ("docs/a.md", "/s/werrington/work/ and var/home/x"),
]


def write(root: Path, name: str, content: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)


class TestTheRulesOfTheHouse:
    @pytest.mark.parametrize(("name", "line", "advice"), BREACHES)
    def test_trip_on_a_breach_and_say_what_to_do(
        self, tmp_path: Path, name: str, line: str, advice: str
    ) -> None:
        write(tmp_path, name, f"first line\n{line}\n")

        assert list(house_rules.breaches([name], tmp_path)) == [f"{name}:2: {advice}"]

    @pytest.mark.parametrize(("name", "line"), RIGHT_WAYS)
    def test_let_the_right_way_pass(self, tmp_path: Path, name: str, line: str) -> None:
        write(tmp_path, name, f"{line}\n")

        assert list(house_rules.breaches([name], tmp_path)) == []

    def test_allow_six_hundred_lines_and_no_more(self, tmp_path: Path) -> None:
        write(tmp_path, "long.py", "pass\n" * 600)
        write(tmp_path, "longer.py", "pass\n" * 601)

        found = list(house_rules.breaches(["long.py", "longer.py"], tmp_path))

        assert found == ["longer.py:601: split it by concern, so that no file is over 600 lines"]

    def test_leave_what_others_made_alone(self, tmp_path: Path) -> None:
        write(tmp_path, "registers/migrations/0001_initial.py", "# TODO\n" * 700)

        assert list(house_rules.breaches(["registers/migrations/0001_initial.py"], tmp_path)) == []
