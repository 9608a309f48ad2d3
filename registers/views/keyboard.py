"""The keys of the register, and each person's switch for those of one character."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from accounts.access import Right
from accounts.http import StaffRequest, staff_page
from accounts.people import set_single_keys

# Keys, what they do, and when they do it: while single keys are on (True), off (False), or always.
KEYS: tuple[tuple[tuple[str, ...], str, bool | None], ...] = (
    (("/", "\\"), "Present, and down to the next pupil", True),
    (("a letter",), "That code, and down to the next pupil", True),
    (("J", "Y"), "Waits for the digit of J1 or Y1 to Y7; C takes its 1 or 2 afterwards", True),
    (("Enter", "F2"), "The list of codes", False),
    (("F2",), "The list of codes", True),
    (("Enter",), "Time of arrival or nature of an activity", True),
    (("Shift+Enter",), "Time of arrival or nature of an activity", False),
    (("↑", "↓", "←", "→"), "One cell on; stops at the edges", None),
    (("Home", "End"), "First and last cell of the row; with Ctrl of the register", None),
    (("Page Up", "Page Down"), "Ten pupils on", None),
    (("Shift+↑", "Shift+↓"), "Selects several pupils: a code then marks all of them", None),
    (("Ctrl+A",), "Selects all pupils", None),
    (("Backspace",), "Takes the mark away", None),
    (("Ctrl+Z",), "Takes back the last change", None),
    (("Alt+Shift+P",), "Marks all blanks present, or those selected", None),
    (("Alt+Shift+F",), "Finds a pupil by a few letters", None),
    (("Esc",), "Leaves a list or field and keeps the old mark", None),
    (("Ctrl+Enter",), "Saves the register at once; every mark is saved as you type it anyway", None),
)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Right.SEE_REGISTERS)
def keyboard(request: StaffRequest) -> HttpResponse:
    """List the keys of the register, and let the person turn single keys on or off for themselves."""
    if request.method != "POST":
        are_on = request.user.uses_single_keys
        context = {
            "uses_single_keys": are_on,
            "key_rows": [(keys, words) for keys, words, only in KEYS if only is None or only is are_on],
        }
        return render(request, "registers/keyboard.html", context)
    are_on = request.POST.get("single_keys") == "on"
    set_single_keys(request.user, are_on=are_on)
    messages.success(request, f"Single keys are {'on' if are_on else 'off'}.")
    back = request.POST.get("back", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("registers:keyboard", args=[request.school.key])
    return redirect(back)
