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
    "letters.Message": classed(
        personal="address",
        special="kind subject body original",
        operational=(
            "id school_id key contact_id pupil_id channel parts others instead_of_id queued_by_id queued_at"
            " reference state attempts next_try_at claim claimed_at handed_over_at provider provider_id looks"
            " sent_at settled_at failure"
        ),
    ),
    "letters.MessageEvent": classed(operational="id school_id message_id at by_id state words"),
}
