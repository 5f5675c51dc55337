"""The pages to change one's e-mail address, and to confirm it by the link that was sent."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminEmailInputWidget

from smartagent.accounts.email_address import (
    EmailLinkInvalid,
    EmailTaken,
    MailNotSent,
    TooManyLinks,
    confirm,
    read_link,
    send_link,
    sends_mail,
    tell_old_address,
)
from smartagent.accounts.events import EMAIL_CHANGED, EMAIL_LINK_SENT, EMAIL_VERIFIED, log_event
from smartagent.accounts.sign_in_limits import address_key, count_wrong, know_browser, origin
from smartagent.kernel.attempts import Blocked, refuse_blocked
from smartagent.models import User

SENT = "A link was sent to {email}. Open it within a day."
NO_MAIL_SERVER = "No mail server is set up. Ask an administrator to change your e-mail address."


class EmailForm(forms.Form):
    """The new address."""

    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True}),
        help_text="A link is sent there. Until it is opened, you sign in by the present address.",
    )

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])


@never_cache
@require_http_methods(["GET", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for a new address, and send a link to it."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _sent(request, form.cleaned_data["email"], form):
        return HttpResponseRedirect(reverse("admin:security"))
    context = site.each_context(request) | {"title": "Change e-mail address", "form": form}
    return TemplateResponse(request, "accounts/email_form.html", context)


@require_http_methods(["POST"])
def verify_email(request: HttpRequest) -> HttpResponse:
    """Send a link to the present address."""
    form = EmailForm({"email": request.user.email})  # type: ignore[union-attr]
    if form.is_valid() and not _sent(request, form.cleaned_data["email"], form):
        messages.error(request, " ".join(str(each) for each in form.errors["email"]))
    return HttpResponseRedirect(reverse("admin:security"))


def _sent(request: HttpRequest, email: str, form: EmailForm) -> bool:
    person: Any = request.user
    if not sends_mail():
        form.add_error("email", NO_MAIL_SERVER)
        return False
    try:
        send_link(User.objects.get(pk=person.pk), email, timezone.now())
    except (TooManyLinks, MailNotSent) as error:
        form.add_error("email", str(error))
        return False
    log_event(EMAIL_LINK_SENT, person, timezone.now(), by=person, email=email, **origin(request))
    messages.success(request, SENT.format(email=email))
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for confirmation, since mail scanners open links; on POST set the address."""
    now = timezone.now()
    try:
        refuse_blocked([address_key(request)], now)
        link = read_link(token)
        if request.method != "POST":
            return _page(
                request,
                "Confirm e-mail address",
                f"{link.email} becomes the address by which {link.person} signs in."
                if link.is_change
                else f"{link.email} is the address of {link.person}.",
                ask=True,
            )
        is_change, old = link.is_change, confirm(link)
    except EmailLinkInvalid as error:
        count_wrong(request, token, now)
        return _page(request, "Invalid link", str(error), status=410)
    except EmailTaken as error:
        return _page(request, "E-mail address not changed", str(error), status=409)
    except Blocked as blocked:
        response = _page(request, "Too many attempts", str(blocked), status=429)
        response["Retry-After"] = str(blocked.seconds)
        return response
    kind = EMAIL_CHANGED if is_change else EMAIL_VERIFIED
    log_event(kind, link.person, now, by=link.person, email=link.email, old=old, **origin(request))
    if is_change:
        tell_old_address(link.person, old)
    response = _page(request, "E-mail address confirmed", f"You sign in by {link.email}.")
    if request.user == link.person:
        know_browser(request, response, link.email)
    return response


def _page(request: HttpRequest, title: str, text: str, *, ask: bool = False, status: int = 200) -> HttpResponse:
    context = site.each_context(request) | {"heading": title, "text": text, "ask": ask}
    return render(request, "accounts/email_confirm.html", context, status=status)


urlpatterns: list[URLPattern] = [path("email/confirm/<str:token>/", confirm_email, name="confirm_email")]
