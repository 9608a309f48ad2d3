"""Every letter the software supplies, by key."""

from dataclasses import replace

from letters.errors import UnknownTemplate
from letters.rules.fields import Field, Kind, Need
from letters.rules.templates import LetterTemplate, Paragraph, Title
from letters.rules.wording import leedon, lunts_heath, shared, strathmore, welbourn, werrington

OWN_WORDS = Field("own_words", Kind.PASSAGE, "a sentence of your own", Need.CONDITIONAL)


def with_own_words(template: LetterTemplate) -> LetterTemplate:
    """
    Return the template with room for a sentence that a person adds for one family, before its last paragraph.

    Formal letters have none: what they say of the law comes from the national table alone (GEN-18).
    """
    if template.tone == "formal":
        return template
    body = template.body
    end = next(
        (place for place, part in enumerate(body) if isinstance(part, Title) and part.new_page), len(body)
    )
    own = Paragraph("{own_words}", when="own_words")
    return replace(
        template, fields=(*template.fields, OWN_WORDS), body=(*body[: end - 1], own, *body[end - 1 :])
    )


TEMPLATES: dict[str, LetterTemplate] = {
    template.key: with_own_words(template)
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
