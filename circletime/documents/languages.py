"""The languages a document may be written in besides English, by the names their readers have for them."""

LANGUAGES = {
    "en": "English",
    "pl": "Polski",
    "ro": "Română",
    "ur": "اردو",
    "pa": "ਪੰਜਾਬੀ",
    "bn": "বাংলা",
    "so": "Soomaali",
    "ar": "العربية",
    "gu": "ગુજરાતી",
    "pt": "Português",
    "ta": "தமிழ்",
    "fr": "Français",
}
