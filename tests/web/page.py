"""A page as a browser and a screen reader have it: its fields, what is said beside them, where it leads."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"input", "meta", "link", "br", "hr", "img"}
ENDS_ITSELF = {"p", "li", "th", "td", "tr", "option"}
LEADS = ("href", "src", "action", "formaction", "poster", "srcset", "data")


@dataclass
class Element:
    """One element: its attributes, and all text inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list["Element"] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


class Page(HTMLParser):
    """An HTML answer, read."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.every: list[Element] = []
        self._open: list[Element] = []
        self.source: str = answer.content.decode()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ENDS_ITSELF and self._open and self._open[-1].tag == tag:
            self._open.pop()
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.every.append(made)
        for around in self._open:
            around.inside.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        for around in self._open:
            around.text += data

    def by_id(self, name: str) -> Element:
        found = [each for each in self.every if each.get("id") == name]
        assert len(found) == 1, f"{len(found)} elements have the id {name}"
        return found[0]

    def field(self, name: str) -> Element:
        """The one field of this name."""
        found = [e for e in self.every if e.tag in ("input", "select", "textarea") and e.get("name") == name]
        assert len(found) == 1, f"{len(found)} fields are called {name}"
        return found[0]

    def value(self, name: str) -> str:
        """What stands in a field."""
        one = self.field(name)
        if one.tag == "select":
            chosen = [option for option in one.inside if "selected" in option.attributes]
            return chosen[0].get("value") if chosen else ""
        if one.get("type") == "checkbox":
            return one.get("value") if "checked" in one.attributes else ""
        return one.text if one.tag == "textarea" else one.get("value")

    def said_beside(self, name: str) -> str:
        """What a screen reader says after a field's name, when the field is marked as wrong."""
        one = self.field(name)
        if one.get("aria-invalid") != "true":
            return ""
        texts = [self.by_id(target) for target in one.get("aria-describedby").split()]
        return " ".join(each.text.strip() for each in texts if "error" in each.get("class").split())

    def marked(self) -> set[str]:
        """The fields that are marked as wrong."""
        return {e.get("name") for e in self.every if e.get("aria-invalid") == "true"}

    def alerts(self) -> list[str]:
        """Everything that is read out at once; a place for an alert that has none yet says nothing."""
        texts = (each.text.strip() for each in self.every if each.get("role") == "alert")
        return [text for text in texts if text]

    def words(self) -> str:
        """The page's text, with all whitespace alike."""
        body = next((each for each in self.every if each.tag == "body"), None)
        return " ".join(body.text.split()) if body else ""

    def addresses(self) -> list[str]:
        """Every address the page names in an attribute."""
        return [e.attributes[a] for e in self.every for a in LEADS if a in e.attributes]

    def buttons(self) -> list[str]:
        """The words on every button, and on every link that looks like one."""
        return [
            " ".join(each.text.split())
            for each in self.every
            if each.tag == "button" or "button" in each.get("class").split()
        ]
