"""`./manage.py verify_history`: prove that the history of the registers is what was written."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django_scopes import scopes_disabled

from accounts.models import School
from registers.commands import Refused, RollcallCommand, opened, school_of
from registers.services.history import Anchor, Proof, verify


class Command(RollcallCommand):
    help = (
        "Prove the history of the registers, of one school or of all: exit status 0 and a sentence for each "
        "school, or 1 and the first broken link of each school that has one."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the school and links once told outside."""
        parser.add_argument("--school", metavar="KEY", help="only this school; otherwise all")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="SCHOOL:NUMBER:DIGEST",
            help="a link that the chain must still hold, or a file with one on each line; may be repeated",
        )

    def work(self, options: dict[str, Any]) -> None:
        """Prove each school's chain."""
        with scopes_disabled():
            anchors = [anchor for given in options["anchor"] for anchor in anchors_of(given)]
            schools = (
                [school_of(options["school"])] if options["school"] else list(School.objects.order_by("key"))
            )
            strangers = {anchor.school for anchor in anchors} - {school.key for school in schools}
            if strangers:
                raise Refused(*(f"No history of {key!r} is looked at here." for key in sorted(strangers)))
            faults = []
            for school in schools:
                proof = verify(school, anchors=anchors)
                self.emit(line_of(proof))
                if proof.fault is None:
                    self.say(sentence_of(proof))
                else:
                    faults.append(proof.fault)
        if faults:
            raise Refused(*faults)


def anchors_of(given: str) -> list[Anchor]:
    """
    Return the link that an option names, or those of the file that it names.

    :raises NotAnAnchor: a line names none
    :raises Refused: the file cannot be read
    """
    if ":" in given and not Path(given).is_file():
        return [Anchor.from_text(given)]
    with opened(Path(given)) as stream:
        return [Anchor.from_text(line.decode(errors="replace")) for line in stream if line.strip()]


def line_of(proof: Proof) -> dict[str, Any]:
    """Return a proof as one line of JSON."""
    return {
        "school": proof.school,
        "ok": proof.fault is None,
        "batches": proof.batches,
        "entries": proof.entries,
        "number": proof.number,
        "digest": proof.digest,
        "last_written_at": proof.last_written_at,
        "anchors": proof.anchors,
        "fault": proof.fault,
    }


def sentence_of(proof: Proof) -> str:
    """Say what a whole history holds."""
    if proof.last_written_at is None:
        return f"{proof.school}: the history is empty."
    links = f", {proof.anchors} links told outside found" if proof.anchors else ""
    return (
        f"{proof.school}: the history holds: {proof.batches:,} batches, {proof.entries:,} entries{links}; "
        f"last written {proof.last_written_at:%Y-%m-%d %H:%M} UTC, link {proof.head}."
    )
