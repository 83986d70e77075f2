"""For the page of data protection: the form that belongs to an open point."""

from django import template

from circletime.pages.forms import Form

register = template.Library()


@register.simple_tag
def form_of(forms: dict[str, Form], key: str) -> Form | None:
    """The form with this verb, or None for who may not write."""
    return forms.get(key)
