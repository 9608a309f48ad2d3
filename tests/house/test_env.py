"""The readers of the environment: what they accept, and the sentence for what they refuse."""

from datetime import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from attendance_site import env


class TestABoolean:
    @pytest.mark.parametrize("written", ["True", "true", "TRUE", "1", "yes", "Yes", " true "])
    def test_is_true_for_every_accepted_spelling(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        monkeypatch.setenv("SWITCH", written)

        assert env.boolean("SWITCH", default=False) is True

    @pytest.mark.parametrize("written", ["False", "false", "0", "no", "NO"])
    def test_is_false_for_every_accepted_spelling(
        self, monkeypatch: pytest.MonkeyPatch, written: str
    ) -> None:
        monkeypatch.setenv("SWITCH", written)

        assert env.boolean("SWITCH", default=True) is False

    @pytest.mark.parametrize("written", ["ture", "on", "off", "y", "2", "None"])
    def test_refuses_anything_else_with_a_sentence(
        self, monkeypatch: pytest.MonkeyPatch, written: str
    ) -> None:
        monkeypatch.setenv("SWITCH", written)

        with pytest.raises(ImproperlyConfigured) as refused:
            env.boolean("SWITCH", default=False)

        assert str(refused.value) == (
            f"SWITCH={written} is neither yes nor no: write True or False (or true, false, 1, 0, yes, no)."
        )

    @pytest.mark.parametrize("default", [True, False])
    def test_has_its_default_when_unset_or_empty(
        self, monkeypatch: pytest.MonkeyPatch, default: bool
    ) -> None:
        monkeypatch.delenv("SWITCH", raising=False)
        unset = env.boolean("SWITCH", default=default)
        monkeypatch.setenv("SWITCH", "  ")

        assert (unset, env.boolean("SWITCH", default=default)) == (default, default)


class TestARequiredVariable:
    def test_is_returned_without_blanks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_KEY", " abc ")

        assert env.required("SECRET_KEY") == "abc"

    @pytest.mark.parametrize("written", ["", "   "])
    def test_stops_the_program_with_advice_when_empty(
        self, monkeypatch: pytest.MonkeyPatch, written: str
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", written)

        with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is not set\. Make one with: python3 "):
            env.required("SECRET_KEY")

    def test_points_to_the_example_file_when_there_is_no_better_advice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ELSEWHERE", raising=False)

        with pytest.raises(ImproperlyConfigured, match=r"^ELSEWHERE is not set\. \.env\.example says"):
            env.required("ELSEWHERE")


class TestANumber:
    def test_is_whole_and_not_too_small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COUNT", "12")

        assert env.number("COUNT", default=3, least=12) == 12

    @pytest.mark.parametrize("written", ["-1", "1.5", "a", "²", "11"])
    def test_is_refused_otherwise(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        monkeypatch.setenv("COUNT", written)

        with pytest.raises(ImproperlyConfigured, match="is not a whole number of 12 or more"):
            env.number("COUNT", default=3, least=12)


class TestAList:
    def test_splits_at_commas_and_drops_blanks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOSTS", "a.example, b.example ,,")

        assert env.items("HOSTS") == ["a.example", "b.example"]

    def test_has_its_default_when_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOSTS", " ")

        assert env.items("HOSTS", default=("c.example",)) == ["c.example"]


class TestAFolder:
    @pytest.mark.parametrize(
        ("written", "folder"),
        [("/srv/rollcall", Path("/srv/rollcall")), ("other", env.ROOT / "other"), ("", env.ROOT / "var")],
    )
    def test_is_absolute_and_counts_from_the_checkout(
        self, monkeypatch: pytest.MonkeyPatch, written: str, folder: Path
    ) -> None:
        monkeypatch.setenv("SOME_FOLDER", written)

        assert env.folder("SOME_FOLDER", env.ROOT / "var") == folder


class TestADatabaseUrl:
    def test_names_host_and_database(self) -> None:
        entry = env.database("postgres://rollcall:s3cret@db.example:5433/school")

        assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example", 5433, "school")
        assert (entry["USER"], entry["PASSWORD"]) == ("rollcall", "s3cret")

    def test_gives_the_folder_of_a_socket_as_the_host(self) -> None:
        entry = env.database("postgres://rollcall@/rollcall?host=/run/My%20School")

        assert (entry["HOST"], entry["NAME"], entry["OPTIONS"]) == ("/run/My School", "rollcall", {})

    @pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "mysql://a@b/c", "postgres://a@b", "nonsense"])
    def test_of_any_other_kind_is_refused(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="Rollcall needs PostgreSQL"):
            env.database(url)


class TestAnEnvFile:
    def test_fills_what_is_unset_and_leaves_what_is_set(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("FIRST", "from the process")
        monkeypatch.setenv("SECOND", "")
        monkeypatch.delenv("SECOND")
        file = tmp_path / ".env"
        file.write_text("FIRST=from the file\nSECOND=from the file\n")

        env.read_file(file)
        env.read_file(tmp_path / "missing")

        assert (env.text("FIRST"), env.text("SECOND")) == ("from the process", "from the file")


class TestMoment:
    def test_takes_a_local_iso_time_or_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ROLLCALL_NOW", "2026-11-20T08:50")
        assert env.moment("ROLLCALL_NOW") == "2026-11-20T08:50"
        monkeypatch.delenv("ROLLCALL_NOW")
        assert env.moment("ROLLCALL_NOW") == ""

    def test_refuses_anything_else_with_an_example(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ROLLCALL_NOW", "soon")
        with pytest.raises(ImproperlyConfigured, match="ROLLCALL_NOW=soon is no local date and time"):
            env.moment("ROLLCALL_NOW")


class TestAChoice:
    @pytest.mark.parametrize("written", ["file", "FILE", " file "])
    def test_is_one_of_the_words_in_any_case(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        monkeypatch.setenv("WAY", written)

        assert env.choice("WAY", ("smtp", "file"), default="smtp") == "file"

    def test_has_its_default_when_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WAY", "")

        assert env.choice("WAY", ("smtp", "file"), default="smtp") == "smtp"

    def test_refuses_another_word_with_those_it_knows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WAY", "pigeon")

        with pytest.raises(ImproperlyConfigured) as refused:
            env.choice("WAY", ("smtp", "file"), default="smtp")

        assert str(refused.value) == "WAY=pigeon is none of smtp, file."


class TestHours:
    @pytest.mark.parametrize("written", ["", "21:00-07:00", " 21:00 - 07:00 "])
    def test_are_two_times_of_day(self, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
        monkeypatch.setenv("QUIET", written)

        assert env.hours("QUIET", "21:00-07:00") == (time(21, 0), time(7, 0))

    def test_may_be_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("QUIET", "none")

        assert env.hours("QUIET", "21:00-07:00") is None

    @pytest.mark.parametrize("written", ["21-7pm", "21:00", "21:00-07:00-08:00", "at night"])
    def test_refuse_anything_else_with_a_sentence(
        self, monkeypatch: pytest.MonkeyPatch, written: str
    ) -> None:
        monkeypatch.setenv("QUIET", written)

        with pytest.raises(ImproperlyConfigured) as refused:
            env.hours("QUIET", "21:00-07:00")

        assert str(refused.value) == (
            f"QUIET={written} is no span of hours: write it like 21:00-07:00, or none."
        )
