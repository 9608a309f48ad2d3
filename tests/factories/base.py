"""What every factory shares."""

from typing import Any, Generic, TypeVar

from django.db import models
from factory.django import DjangoModelFactory

ModelT = TypeVar("ModelT", bound=models.Model)


class RowFactory(DjangoModelFactory[ModelT], Generic[ModelT]):
    """Makes rows with or without a school's scope: a test arranges before it enters anybody's scope."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[ModelT], *args: Any, **kwargs: Any) -> ModelT:
        row = model_class(*args, **kwargs)
        row.save(force_insert=True)
        return row
