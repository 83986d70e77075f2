"""How staff sign in: what Django and allauth are told. Read by `settings`."""

from circletime.policy.limits import SHOWN_LATELY
from config import env

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "circletime.people.passwords.Guessed"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/meetings/"
ACCOUNT_ADAPTER = "circletime.pages.accounts.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the office makes accounts; nobody signs up
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {"reset_password": "circletime.pages.forgotten.ForgottenForm"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(SHOWN_LATELY.total_seconds())
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
# Five wrong passwords for one account keep the address they came from away from it for five minutes, and no
# one else; so no single guesser keeps a teacher out. Fifty from everywhere are an attack with many addresses.
# `login_failed_here` is counted by our adapter, per account and address, before the other two.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed_here": "5/5m/key",
    "login_failed": "20/m/ip,50/5m/key",
    # Only who has typed the password is asked for a code, so no stranger keeps its owner out by this.
    "code_failed": "5/5m/key,30/d/key",
}

# Whoever may watch recordings signs in in two steps, and can do nothing before the second is set up. The demo
# only offers it: its people are invented, and its sign-ins are printed for whoever tries it.
SECOND_STEP = env.choice(
    "CIRCLETIME_SECOND_STEP",
    "offered" if env.flag("CIRCLETIME_DEMO", False) else "required",
    ("required", "offered"),
)
MFA_ADAPTER = "circletime.pages.second_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey that was found opens nothing without PIN or finger
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Circletime"
MFA_TOTP_TOLERANCE = 1  # half a minute either way, for telephones whose clock is not quite right
MFA_FORMS = {
    "authenticate": "circletime.pages.second_step_forms.CodeForm",
    "reauthenticate": "circletime.pages.second_step_forms.CodeAgainForm",
}
# A whole school comes from one address in the morning; a passkey cannot be guessed.
MFA_RATE_LIMITS = {"webauthn_login": "120/m/ip"}

# Where staff have accounts elsewhere they may sign in with these. Nobody gets an account here by it, and only
# who has an address of the school's own domains is looked for. Our page begins it by a link: no form of ours
# may lead to another site (form-action).
SCHOOL_DOMAINS = env.domains("CIRCLETIME_OIDC_DOMAINS")
SCHOOL_SIGN_INS = env.sign_in_providers(SCHOOL_DOMAINS)
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": SCHOOL_SIGN_INS}}
SOCIALACCOUNT_ADAPTER = "circletime.pages.school_accounts.SchoolAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
