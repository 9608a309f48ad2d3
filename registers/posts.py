"""The post under which a person acts, as the history keeps it."""

from collections.abc import Collection

from accounts.models import Role

# The post that the history prints beside a person's name, when they hold several: the most senior.
POSTS = (Role.HEAD, Role.CHAMPION, Role.OFFICE, Role.TEACHER)


def position_of(roles: Collection[str]) -> str:
    """Return the most senior of these roles in words, "" when a person holds none that takes registers."""
    return next((str(post.label) for post in POSTS if post in roles), "")
