"""Ways to reach somebody about an absence, and what each can come to."""

from typing import Final

# What an attempt came to, by channel: key and the words of its button, in the order offered.
SPOKE_KNEW: Final = "spoke_knew"
SPOKE_DID_NOT_KNOW: Final = "spoke_did_not_know"
VOICEMAIL: Final = "voicemail"
NO_ANSWER: Final = "no_answer"
NUMBER_WRONG: Final = "number_wrong"
SENT: Final = "sent"
VISITED_SEEN: Final = "visited_seen"
VISITED_NO_ANSWER: Final = "visited_no_answer"
CONFIRMED_SAFE: Final = "confirmed_safe"

CALL: Final = "call"
TEXT: Final = "text"
EMAIL: Final = "email"
VISIT: Final = "visit"
IN_PERSON: Final = "in_person"
POLICE_CHECK: Final = "police_check"
LETTER: Final = "letter"

OUTCOMES_OF: Final[dict[str, tuple[str, ...]]] = {
    CALL: (SPOKE_KNEW, SPOKE_DID_NOT_KNOW, VOICEMAIL, NO_ANSWER, NUMBER_WRONG, CONFIRMED_SAFE),
    TEXT: (SENT, SPOKE_KNEW, SPOKE_DID_NOT_KNOW, NUMBER_WRONG, CONFIRMED_SAFE),
    EMAIL: (SENT, SPOKE_KNEW, SPOKE_DID_NOT_KNOW, NUMBER_WRONG, CONFIRMED_SAFE),
    VISIT: (VISITED_SEEN, VISITED_NO_ANSWER, SPOKE_KNEW, SPOKE_DID_NOT_KNOW, CONFIRMED_SAFE),
    IN_PERSON: (SPOKE_KNEW, SPOKE_DID_NOT_KNOW, CONFIRMED_SAFE),
    POLICE_CHECK: (SENT, CONFIRMED_SAFE, VISITED_NO_ANSWER),
    LETTER: (SENT,),
}
# A conversation that settled where the child is. A guardian who did not know settles nothing: calls go on.
CONFIRMED: Final = frozenset({SPOKE_KNEW, VISITED_SEEN, CONFIRMED_SAFE})
# Somebody answered, whatever they said: the number works.
ANSWERED: Final = CONFIRMED | {SPOKE_DID_NOT_KNOW}
# Channels that go to a home rather than to a number of somebody.
TO_A_HOME: Final = frozenset({VISIT, POLICE_CHECK, LETTER})


def fits(channel: str, outcome: str) -> bool:
    """Say whether an attempt by this channel can come to this."""
    return outcome in OUTCOMES_OF.get(channel, ())
