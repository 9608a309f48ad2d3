"""Every letter that a policy names can be printed, from fields the letter declares."""

import pytest

from escalation.rules.loading import shipped_policy
from escalation.rules.schema import LetterItem
from letters.rules.catalogue import TEMPLATES

POLICIES = ("werrington", "strathmore", "lunts_heath", "welbourn", "leedon")
LISTED = [(key, item) for key in POLICIES for item in shipped_policy(key).letters.items]


class TestEveryLetterOfAPolicy:
    @pytest.mark.parametrize(("policy", "item"), LISTED, ids=[f"{key}-{item.id}" for key, item in LISTED])
    def test_has_a_template_that_declares_its_fields(self, policy: str, item: LetterItem) -> None:
        template = TEMPLATES[item.id]
        declared = {field.name for field in template.fields}
        wanted = {str(name).split("(")[0] for name in item.merge}
        assert wanted <= declared
        assert template.from_policy is (item.template != "generic")

    def test_and_no_template_is_without_a_policy(self) -> None:
        assert set(TEMPLATES) == {item.id for _, item in LISTED}
