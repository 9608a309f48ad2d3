"""Where the words wait that the next page shows: in the cache, for as long as somebody takes to see them."""

from collections.abc import Iterable
from typing import Any

from django.contrib.messages.storage.session import SessionStorage
from django.core.cache import cache

SECONDS = 10 * 60
# Of somebody whose pages never show them, as of a program that saves registers, the latest are kept.
MOST = 20


class CacheStorage(SessionStorage):
    """
    Messages of a session, kept outside its row.

    Saving a register says so on the next page; a session that changed for it would cost two writes to the
    database. Not in a cookie, where messages would carry pupils' names. Somebody without a session (just
    signed out) gets one, as with Django's own storage.
    """

    # Django's types leave out these two methods of its storages, so that each call upwards is ignored.
    def _get(self, *args: Any, **kwargs: Any) -> tuple[Any, bool]:
        kept = self.deserialize_messages(cache.get(self._key)) if self._key else None
        in_session, _ = super()._get(*args, **kwargs)  # type: ignore[misc]
        return [*(in_session or []), *(kept or [])], True

    def _store(self, messages: Iterable[Any], response: Any, *args: Any, **kwargs: Any) -> list[Any]:
        waiting = list(messages)[-MOST:]
        if not self._key:
            return list(super()._store(waiting, response, *args, **kwargs))  # type: ignore[misc]
        if self.session_key in self.request.session:
            del self.request.session[self.session_key]
        if waiting:
            cache.set(self._key, self.serialize_messages(waiting), SECONDS)
        else:
            cache.delete(self._key)
        return []

    @property
    def _key(self) -> str:
        key = self.request.session.session_key
        return f"messages:{key}" if key else ""
