"""Whose record and files a parent may see: their own children's, while on roll; and who may decide leave."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.shortcuts import get_object_or_404
from django_scopes import scopes_disabled

from absences.models import Attachment, EvidenceRequest, LeaveDesignate, LeaveRequest
from accounts import access
from accounts.access import Right
from accounts.models import School, User
from registers.models import Enrolment, Pupil, PupilContact


def children_of(user: User, *, on: date) -> list[Pupil]:
    """
    Return the pupils on roll that day whose contact the person is, with their schools, eldest first.

    A child whom a court order or the school keeps from this person is not among them, nor one who has left.
    Families may have children at several schools, so no school's scope applies; the person is the boundary.
    Two statements.
    """
    with scopes_disabled():
        linked = PupilContact.objects.filter(
            contact__user=user,
            court_order_restricts=False,
            may_sign_in=True,
            # A row that ties people of two schools together would be a fault; it must not open a record.
            contact__school=F("pupil__school"),
            school=F("pupil__school"),
        ).values_list("pupil_id", flat=True)
        on_roll = Enrolment.objects.filter(
            Q(leaving_on__isnull=True) | Q(leaving_on__gte=on), pupil_id__in=list(linked), starts_on__lte=on
        ).values("pupil_id")
        return list(
            Pupil.objects.filter(pk__in=on_roll)
            .select_related("school")
            .order_by("date_of_birth", "forename", "pk")
        )


def can_decide_leave(user: User, roles: frozenset[str], *, school: School, on: date) -> bool:
    """
    Say whether the person may decide leave at the school that day: the head, or a designate (000:242).

    At most one statement.
    """
    if access.can(roles, Right.DECIDE_LEAVE):
        return True
    return LeaveDesignate.objects.filter(
        school=school, user=user, first_day__lte=on, last_day__gte=on
    ).exists()


def check_can_decide_leave(user: User, roles: frozenset[str], *, school: School, on: date) -> None:
    """
    Refuse somebody who may not decide leave at the school that day; the sentence is fit to show.

    :raises PermissionDenied: the person is neither the head nor a designate of that day
    """
    if not can_decide_leave(user, roles, school=school, on=on):
        raise PermissionDenied("Only the headteacher, or whom they named for today, may decide leave.")


def leave_request_for(school: School, pk: int) -> LeaveRequest:
    """
    Return a request for leave at the school; the page's right is checked by the page.

    :raises Http404: there is no such request at this school
    """
    requests = LeaveRequest.objects.select_related("school", "pupil", "applicant", "asked_by", "decided_by")
    return get_object_or_404(requests, school=school, pk=pk)


def own_leave_request(user: User, pk: int, *, on: date) -> LeaveRequest:
    """
    Return a request for leave that the person made for a child who is theirs that day.

    What the other parent asked does not exist for them: it holds that parent's address and plans.

    :raises Http404: there is no such request, it is somebody else's, or the child is not theirs any more
    """
    children = [child.pk for child in children_of(user, on=on)]
    with scopes_disabled():
        requests = LeaveRequest.objects.select_related("school", "pupil", "applicant", "decided_by")
        return get_object_or_404(requests, pk=pk, applicant__user=user, pupil_id__in=children)


def attachment_for(user: User, roles: frozenset[str], *, school: School, pk: int, on: date) -> Attachment:
    """
    Return a file of the school for somebody who follows up absences or decides leave, or refuse.

    Whom the head named to decide leave sees the files of requests for leave alone.

    :raises Http404: there is no such file at this school
    :raises PermissionDenied: the person neither follows up absences nor decides this leave
    """
    found: Attachment = get_object_or_404(Attachment, school=school, pk=pk)
    if access.can(roles, Right.FOLLOW_UP_ABSENCES) or access.can(roles, Right.DECIDE_LEAVE):
        return found
    if found.leave_request_id is not None and can_decide_leave(user, roles, school=school, on=on):
        return found
    raise PermissionDenied("Files of absences are for those who follow them up.")


def own_attachment(user: User, pk: int, *, on: date) -> Attachment:
    """
    Return a file that the person sent about a child who is still theirs.

    What the other parent sent does not exist for them.

    :raises Http404: there is no such file, somebody else sent it, or the child is not theirs any more
    """
    children = [child.pk for child in children_of(user, on=on)]
    with scopes_disabled():
        return get_object_or_404(Attachment, pk=pk, uploaded_by=user, pupil_id__in=children)


def asked_of_family(user: User, pk: int, *, on: date) -> EvidenceRequest:
    """
    Return a request for proof that was made about a child of the person.

    What was only proposed, or has been withdrawn, is the school's own affair.

    :raises Http404: there is none, or the child is not theirs
    """
    children = [child.pk for child in children_of(user, on=on)]
    with scopes_disabled():
        return get_object_or_404(
            EvidenceRequest.objects.select_related("pupil", "school"),
            pk=pk,
            pupil_id__in=children,
            asked_at__isnull=False,
        )
