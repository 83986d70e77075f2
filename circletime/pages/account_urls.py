"""The addresses of signing in, below /accounts/. Those of allauth that a school has no use for are shut."""

from allauth.account import views as account
from django.urls import path, re_path
from django.views.generic import RedirectView

from circletime.pages.accounts import shut
from circletime.pages.views import school_account, second_step

_STEP = "2fa/"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="home")),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", second_step.again_by_password, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    # Who an account belongs to is changed by the school; allauth asks for the names of these all the same.
    path("email/", shut, name="account_email"),
    path("confirm-email/", shut, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", shut, name="account_confirm_email"),
    path("password/set/", shut, name="account_set_password"),
    path("login/code/confirm/", shut, name="account_confirm_login_code"),
    path("oidc/<slug:provider_id>/login/", school_account.begin, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", school_account.back, name="openid_connect_callback"),
    path(_STEP, second_step.index, name="mfa_index"),
    path(f"{_STEP}authenticate/", second_step.authenticate, name="mfa_authenticate"),
    path(f"{_STEP}reauthenticate/", second_step.again_by_code, name="mfa_reauthenticate"),
    path(f"{_STEP}totp/activate/", second_step.set_up_app, name="mfa_activate_totp"),
    path(f"{_STEP}totp/deactivate/", second_step.remove_app, name="mfa_deactivate_totp"),
    path(f"{_STEP}recovery-codes/", second_step.see_codes, name="mfa_view_recovery_codes"),
    path(f"{_STEP}recovery-codes/generate/", second_step.new_codes, name="mfa_generate_recovery_codes"),
    path(f"{_STEP}webauthn/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path(f"{_STEP}webauthn/add/", second_step.add_passkey, name="mfa_add_webauthn"),
    path(f"{_STEP}webauthn/login/", second_step.by_passkey, name="mfa_login_webauthn"),
    path(
        f"{_STEP}webauthn/reauthenticate/", second_step.again_by_passkey, name="mfa_reauthenticate_webauthn"
    ),
    path(f"{_STEP}webauthn/keys/<int:pk>/remove/", second_step.remove_passkey, name="mfa_remove_webauthn"),
]
