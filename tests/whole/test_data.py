"""Every table: whose it is, what its columns hold, and what the database refuses."""

import importlib
import inspect
import pkgutil

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django_scopes import scope, scopes_disabled
from django_scopes.exceptions import ScopeError

import tests.factories
from accounts.data_classes import DataClass
from accounts.models import School
from tests.factories.base import RowFactory

OUR_APPS = ("accounts", "registers", "letters", "absences", "escalation", "reports", "demo")
MODELS = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]

# Tables that belong to no school, with the reason.
NOT_OF_A_SCHOOL = {
    "accounts.School": "it is the school",
    "accounts.Installation": "one row about the whole installation",
    "accounts.User": "one person may work, or have children, at several schools: roles and contacts tell",
    "registers.RetiredYear": "a year is dropped for every school at once",
    "registers.Code": "the national table of codes, the same for every school",
}
# Tables whose manager asks for no scope, with the reason.
WITHOUT_SCOPE = {
    **NOT_OF_A_SCHOOL,
    "accounts.RoleAssignment": "roles decide which scope a person may enter, so they are read before any",
    "accounts.Event": "the log is also of people and of the whole installation",
}


def label(model: type[models.Model]) -> str:
    return model._meta.label


def factories() -> dict[type[models.Model], type[RowFactory]]:
    """Return the factory of each model, from every module of tests.factories."""
    found = {}
    for module in pkgutil.iter_modules(tests.factories.__path__, "tests.factories."):
        for _, factory in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(factory, RowFactory) and factory is not RowFactory:
                found[factory._meta.model] = factory
    return found


def classed_columns() -> dict[str, dict[str, DataClass]]:
    """Return the tables of every app's data_classes together."""
    found: dict[str, dict[str, DataClass]] = {}
    for app in OUR_APPS:
        if any(model._meta.app_label == app for model in MODELS):
            columns = importlib.import_module(f"{app}.data_classes").COLUMNS
            assert not found.keys() & columns.keys()
            found |= columns
    return found


def path_to_school(
    model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()
) -> str | None:
    """Return the shortest way over required foreign keys to the school, such as `timetable__school`."""
    keys = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and not field.null
    ]
    for field in keys:
        if field.related_model is School:
            return field.name
    for field in keys:
        if field.related_model not in seen and field.related_model is not model:
            further = path_to_school(field.related_model, seen | {model})
            if further:
                return f"{field.name}__{further}"
    return None


class TestEveryModel:
    def test_has_a_factory(self):
        assert [label(model) for model in MODELS if model not in factories()] == []

    def test_belongs_to_a_school_or_says_why_not(self):
        without = {label(model) for model in MODELS if path_to_school(model) is None}

        # The log keeps a bare id, so that it can neither block the removal of a school nor vanish with it.
        assert without - {"accounts.Event"} == set(NOT_OF_A_SCHOOL)

    def test_has_every_column_classed_and_no_other(self):
        classed = classed_columns()
        columns = {
            label(model): {field.column for field in model._meta.local_concrete_fields if field.column}
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.auto_created
        }

        assert {name: set(found) for name, found in classed.items()} == columns

    def test_of_pupils_is_not_taken_for_harmless(self):
        classed = classed_columns()

        assert classed["registers.Mark"]["code"] is DataClass.SPECIAL
        assert classed["registers.Pupil"]["surname"] is DataClass.PERSONAL
        assert classed["registers.Contact"]["address"] is DataClass.PERSONAL
        assert classed["letters.LetterFile"]["content"] is DataClass.SPECIAL


@pytest.mark.django_db
class TestAQueryWithoutASchool:
    @pytest.mark.parametrize(
        "model", [model for model in MODELS if label(model) not in WITHOUT_SCOPE], ids=label
    )
    def test_is_refused(self, model):
        for ask in (
            lambda: model.objects.all(),
            lambda: model.objects.filter(pk=1),
            lambda: model.objects.count(),
            lambda: model.objects.first(),
            lambda: model.objects.update(),
            lambda: list(model.objects.values("pk")),
        ):
            with pytest.raises(ScopeError):
                ask()

    @pytest.mark.parametrize("model", [m for m in MODELS if label(m) in WITHOUT_SCOPE], ids=label)
    def test_is_allowed_where_a_reason_is_given(self, model):
        assert model._default_manager.count() >= 0


@pytest.mark.django_db
class TestAQueryInASchoolsScope:
    def test_finds_no_row_of_another_school(self, school, other_school):
        made = factories()
        reached = {}
        for model in MODELS:
            if label(model) in WITHOUT_SCOPE:
                continue
            row = made[model]()
            path = path_to_school(model)
            owner = row
            for part in path.split("__"):
                with scopes_disabled():
                    owner = getattr(owner, part)
            with scope(school=owner):
                own = model.objects.filter(pk=row.pk).exists()
            with scope(school=other_school):
                others = model.objects.filter(pk=row.pk).exists()
            reached[label(model)] = (own, others)

        assert reached == dict.fromkeys(reached, (True, False))
        assert len(reached) == len(MODELS) - len(WITHOUT_SCOPE)


class TestMomentsAndPeople:
    def test_that_may_be_empty_are_bound_together_by_the_database(self):
        unbound = []
        for model in MODELS:
            fields = {field.name: field for field in model._meta.local_concrete_fields}
            checks = " ".join(
                str(constraint.condition)
                for constraint in model._meta.constraints
                if isinstance(constraint, models.CheckConstraint)
            )
            for name, field in fields.items():
                stem = name.removesuffix("_at")
                person = fields.get(f"{stem}_by")
                if stem == name or person is None or not (field.null or person.null):
                    continue
                if f"{stem}_at__isnull" not in checks or f"{stem}_by__isnull" not in checks:
                    unbound.append(f"{label(model)}.{stem}")

        assert unbound == []

    def test_are_found_by_that_test(self):
        names = {
            f"{label(model)}.{field.name}"
            for model in MODELS
            for field in model._meta.local_concrete_fields
            if field.name.endswith("_by") and field.null
        }

        assert "escalation.Step.decided_by" in names


@pytest.mark.django_db
class TestMigrations:
    def test_are_complete(self, capsys):
        call_command("makemigrations", "--check", "--dry-run", verbosity=1)

        assert capsys.readouterr().out.strip() == "No changes detected"

    def test_need_no_contrib_module_of_the_database(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT extname FROM pg_extension ORDER BY extname")
            assert [name for (name,) in cursor.fetchall()] == ["plpgsql"]
