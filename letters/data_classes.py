"""What kind of data each column of the archive of letters holds (see accounts.data_classes)."""

from accounts.data_classes import DataClass, classed

COLUMNS: dict[str, dict[str, DataClass]] = {
    # The printed letter says why a child was away.
    "letters.LetterFile": classed(special="content", operational="sha256 school_id pages created_at"),
    "letters.Letter": classed(
        personal="recipients contact_ids address_key address address_confidential salutation",
        special="template_key content",
        operational=(
            "id school_id pupil_id origin template_version reference content_digest state failure "
            "prepared_by_id prepared_at claimed_at rendered_at file_id"
        ),
    ),
}
