"""Reading the pages of the admission register on Thursday 20 November 2025 at nine."""

from datetime import date, time

from django.http import HttpResponse

from tests.factories.registers import london

TODAY = date(2025, 11, 20)
NOW = london(TODAY, time(9, 0))


def text_of(response: HttpResponse) -> str:
    """Return the page with its runs of spaces made one."""
    return " ".join(response.content.decode().split())


def fields_of(response: HttpResponse) -> dict[str, str]:
    """Return what a form would post if nobody touched it."""
    form = response.context["form"]
    posted = {"seen": response.context.get("seen", "")}
    for bound in form:
        value = bound.value()
        if hasattr(bound.field.widget, "decompress"):
            parts = bound.field.widget.decompress(value)
            posted |= {
                f"{bound.html_name}_{part}": text
                for part, text in zip(("day", "month", "year"), parts, strict=True)
            }
        elif value is True:
            posted[bound.html_name] = "on"
        elif value not in (False, None):
            posted[bound.html_name] = str(value)
    return posted
