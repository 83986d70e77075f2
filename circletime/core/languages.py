"""The languages families read. Plain Python, also for the settings and for the build of the wheel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """One language: what its readers call it, its name for staff, and how its catalog counts.

    `territory` is the CLDR locale its days and months come from; `plurals` is gettext's rule, which follows
    CLDR's (https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html).
    """

    code: str
    own_name: str
    english_name: str
    territory: str
    plurals: str = "nplurals=2; plural=(n != 1);"
    right_to_left: bool = False

    @property
    def direction(self) -> str:
        """As HTML's `dir` has it."""
        return "rtl" if self.right_to_left else "ltr"


ENGLISH = Language("en", "English", "English", "en_GB")
TRANSLATED = (
    Language(
        "pl",
        "Polski",
        "Polish",
        "pl",
        "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    ),
    Language(
        "ro",
        "Română",
        "Romanian",
        "ro",
        "nplurals=3; plural=(n==1 ? 0 : n==0 || (n%100>0 && n%100<20) ? 1 : 2);",
    ),
    Language("ur", "اردو", "Urdu", "ur", right_to_left=True),
    Language("pa", "ਪੰਜਾਬੀ", "Panjabi", "pa_Guru", "nplurals=2; plural=(n > 1);"),
    Language("bn", "বাংলা", "Bengali", "bn", "nplurals=2; plural=(n > 1);"),
    Language("so", "Soomaali", "Somali", "so"),
    Language(
        "ar",
        "العربية",
        "Arabic",
        "ar",
        "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : "
        "n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
        right_to_left=True,
    ),
    Language("gu", "ગુજરાતી", "Gujarati", "gu", "nplurals=2; plural=(n > 1);"),
    Language("pt", "Português", "Portuguese", "pt_PT"),
    Language("ta", "தமிழ்", "Tamil", "ta"),
    Language("fr", "Français", "French", "fr", "nplurals=2; plural=(n > 1);"),
)
LANGUAGES = {one.code: one for one in (ENGLISH, *TRANSLATED)}


def known(code: str) -> str:
    """The code of ours that `code` means ("pt-BR" is pt), or "" for none.

    Panjabi in Arabic letters is another script than ours, so it counts as not known.
    """
    parts = code.strip().lower().replace("_", "-").split("-")
    if parts[0] == "pa" and {"arab", "pk"} & set(parts[1:]):
        return ""
    return parts[0] if parts[0] in LANGUAGES else ""


def choose(*, chosen: str, home: list[str], browser: list[str]) -> str:
    """A family's language: the one they chose, else their home's, else the browser's, else English.

    Of a home with two languages it is the one the browser asks for first, or the first of them. English in
    the roster may only mean that nobody wrote another one down, so there the browser is asked.
    """
    if known(chosen):
        return known(chosen)
    asked = [code for one in browser if (code := known(one))]
    at_home = [code for one in home if (code := known(one)) and code != ENGLISH.code]
    if at_home:
        spoken = {known(one) for one in home}
        return next((code for code in asked if code in spoken), at_home[0])
    return asked[0] if asked else ENGLISH.code
