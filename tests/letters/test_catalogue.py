"""The command that prints every letter with invented values."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from letters.rules.catalogue import TEMPLATES


class TestTheCatalogue:
    def test_prints_the_letters_asked_for_with_pictures(self, tmp_path: Path) -> None:
        out, said = StringIO(), StringIO()

        call_command(
            "letter_catalogue",
            out=tmp_path / "new",
            letter=["wer_1", "wel_4"],
            png=True,
            stdout=out,
            stderr=said,
        )

        names = ["wel_4-1.png", "wel_4-2.png", "wel_4.pdf", "wer_1.pdf", "wer_1.png"]
        assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
        assert sorted(Path(line).name for line in out.getvalue().split()) == names
        assert said.getvalue().strip() == f"5 files in {tmp_path / 'new'}"
        assert all(path.stat().st_size < 40_000 for path in (tmp_path / "new").iterdir())

    def test_prints_every_letter_otherwise(self, tmp_path: Path) -> None:
        call_command("letter_catalogue", out=tmp_path, stdout=StringIO(), stderr=StringIO())
        assert {path.stem for path in tmp_path.iterdir()} == set(TEMPLATES)

    def test_names_a_letter_that_does_not_exist_and_writes_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="There is no letter template called wer_99"):
            call_command("letter_catalogue", out=tmp_path / "new", letter=["wer_1", "wer_99"])
        assert not (tmp_path / "new").exists()

    def test_says_when_the_folder_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(CommandError, match="cannot be written: Not a directory"):
            call_command("letter_catalogue", out=tmp_path / "file" / "new")
