"""What a browser may know of the person who uses it."""

from django.utils.crypto import salted_hmac

from accounts.models import User


def browser_id(user: User) -> str:
    """
    Return what a browser keeps things of this person under: the same at every sign-in, and telling nothing.

    Two people may use one browser, one after the other; what the first left behind is not the second's.
    """
    return salted_hmac("accounts.browser", str(user.pk), algorithm="sha256").hexdigest()[:32]
