"""The manager that refuses a query without a school."""

from typing import TYPE_CHECKING, TypeVar

from django.db import models

if TYPE_CHECKING:
    ModelT = TypeVar("ModelT", bound=models.Model)

    class ScopedManager(models.Manager[ModelT]):
        """To type checkers, what django-scopes makes at run time: an ordinary manager of the model."""

        def __init__(self, **scopes: str) -> None: ...

else:
    from django_scopes import ScopedManager

__all__ = ["ScopedManager"]
