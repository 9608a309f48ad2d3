"""Every model of accounts and registers has a factory, and what it makes stands in the database."""

import importlib
import inspect
import pkgutil
from datetime import date

import pytest
from django.apps import apps

from registers.models import Mark, MarkEntry, Session
from tests import factories
from tests.factories.base import RowFactory
from tests.factories.registers import CodeFactory, MarkFactory, held_sessions, pupil_in_class

FACTORIES = {
    factory._meta.model: factory
    for module in pkgutil.iter_modules(factories.__path__, "tests.factories.")
    for _, factory in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
    if issubclass(factory, RowFactory) and factory is not RowFactory
}


@pytest.mark.django_db
class TestEveryModelHasAFactory:
    @pytest.mark.parametrize("app", ["accounts", "registers"])
    def test_none_is_missing(self, app):
        assert [model for model in apps.get_app_config(app).get_models() if model not in FACTORIES] == []

    @pytest.mark.parametrize("factory", FACTORIES.values(), ids=lambda factory: factory.__name__)
    def test_what_it_makes_can_be_read_back(self, factory):
        row = CodeFactory(symbol="ZZ") if factory is CodeFactory else factory()

        assert type(row)._base_manager.get(pk=row.pk) == row


@pytest.mark.django_db
class TestMadeMarks:
    def test_leave_their_entry_in_the_history(self):
        mark = MarkFactory()

        entry = MarkEntry.objects.with_scopes_disabled().get()
        assert (entry.pupil_id, entry.session_id, entry.old_code, entry.new_code) == (
            mark.pupil_id,
            mark.session_id,
            None,
            "/",
        )


class TestMadeSessions:
    def test_are_numbered_over_the_weekend(self, school):
        sessions = held_sessions(school, date(2025, 9, 5), date(2025, 9, 8))

        assert [(s.on, s.half, s.number, s.school_week) for s in sessions] == [
            (date(2025, 9, 5), "AM", 1, 1),
            (date(2025, 9, 5), "PM", 2, 1),
            (date(2025, 9, 8), "AM", 3, 2),
            (date(2025, 9, 8), "PM", 4, 2),
        ]
        assert Session._base_manager.count() == 4


class TestAPupilInAClass:
    def test_is_on_roll_of_its_school(self, school, class_group):
        pupil = pupil_in_class(class_group)

        assert pupil.school == school
        assert [e.pupil_id for e in pupil.enrolments.model._base_manager.all()] == [pupil.pk]
        assert Mark._base_manager.count() == 0
