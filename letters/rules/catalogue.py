"""Every letter the software supplies, by key."""

from letters.errors import UnknownTemplate
from letters.rules.templates import LetterTemplate
from letters.rules.wording import leedon, lunts_heath, shared, strathmore, welbourn, werrington

TEMPLATES: dict[str, LetterTemplate] = {
    template.key: template
    for module in (werrington, strathmore, lunts_heath, welbourn, leedon, shared)
    for template in module.TEMPLATES
}


def template_for(key: str) -> LetterTemplate:
    """
    Return the template of this key.

    :raises UnknownTemplate: there is none
    """
    try:
        return TEMPLATES[key]
    except KeyError as error:
        raise UnknownTemplate(key) from error
