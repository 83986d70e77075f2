"""The way to the school's own accounts elsewhere, and back."""

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from circletime.pages.school_accounts import TROUBLE, Provider, refused


@never_cache
@require_GET
def begin(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Off to where the account is. Another site's link does not begin this: our own page does."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return redirect("account_login")
    only = QueryDict(mutable=True)  # allauth would take more than the place to go on to
    if next_page := request.GET.get(REDIRECT_FIELD_NAME):
        only[REDIRECT_FIELD_NAME] = next_page
    request.GET = only  # type: ignore[assignment]
    return _through(OAuth2LoginView, request, provider_id)


@never_cache
@require_GET
def back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """With an answer: signed in, asked for the second step, or told why not."""
    return _through(OAuth2CallbackView, request, provider_id)


def _through(view: type, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = view.adapter_view(Provider(request, provider_id))(request)  # type: ignore[attr-defined]
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except RequestException:
        return refused(request, TROUBLE, 503)
    return answer
