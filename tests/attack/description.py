"""The program described in OpenAPI, out of its addresses and the forms on its own pages.

The program has no description of its own, and needs none: this one is for the fuzzer alone. What the
description says of an address is what the address itself shows: the fields of its forms, with the values they
offer, and the well-made forms of the tests beside them.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from circletime.pages.views.room import COMMANDS
from tests.web.page import Element, Page
from tests.web.school import School, address_of, arguments, body, routes

FIELDS = ("input", "select", "textarea", "button")
FORM, FILES, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
ANYTHING: dict[str, Any] = {"type": "string", "maxLength": 60}
HEADERS = ("User-Agent", "Referer", "Accept-Language", "Range", "X-Forwarded-For", "If-Modified-Since")
SLOW = ("pdf", "cards", "letters", "people-letter")
"""Parts of names whose pages are long in the making, and have no forms."""


@dataclass
class Asked:
    """What one address takes with one method: its fields, and values that fit."""

    fields: dict[str, set[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def take(self, name: str, *values: str) -> None:
        if name and name != "csrfmiddlewaretoken":
            self.fields.setdefault(name, set()).update(value for value in values if value)


Forms = dict[tuple[str, str], Asked]


def describe(school: School, methods: set[tuple[str, str]], clients: list[Client]) -> dict[str, Any]:
    """The description: each of `methods` (a name and GET or POST), filled in with what is in the school.

    The forms are looked for on the pages that the first of `clients` to be let in is shown.
    """
    forms = _forms(school, methods, clients)
    paths: dict[str, Any] = {}
    for name, whole in routes().items():
        given = [[str(each)] for each in arguments(name, school)]
        if name == "room-command":
            given[1] = list(COMMANDS)
        for method in ("GET", "POST"):
            if (name, method) in methods:
                path, parameters = _path(whole, given)
                one = _operation(name, method, parameters, forms.get((name, method), Asked()))
                paths.setdefault(path, {})[method.lower()] = one
    return {"openapi": "3.1.0", "info": {"title": "Circletime", "version": "0"}, "paths": paths}


def _path(whole: str, given: list[list[str]]) -> tuple[str, list[dict[str, Any]]]:
    """An address with its parts by name, and each part with the value that is there."""
    parameters: list[dict[str, Any]] = []

    def part(found: re.Match[str]) -> str:
        name = f"part{len(parameters)}"
        values = given[len(parameters)] if len(parameters) < len(given) else ["x"]
        # Four times in five what is there, or hardly anything would get past the door.
        schema = {"anyOf": [*({"enum": values} for _ in range(4)), ANYTHING]}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
        return f"{{{name}}}"

    return "/" + re.sub(r"<[^>]*>|\(\?P<.*?>.*?\)", part, whole.strip("^$")), parameters


def _operation(name: str, method: str, parameters: list[Any], asked: Asked) -> dict[str, Any]:
    headers = [{"name": each, "in": "header", "schema": ANYTHING} for each in HEADERS]
    one: dict[str, Any] = {
        "operationId": f"{method} {name}",
        "parameters": [*parameters, *headers],
        "responses": {"default": {"description": "anything but an error of ours"}},
    }
    known = {each: _values(values) for each, values in sorted(asked.fields.items())}
    if method == "GET":
        one["parameters"] += [
            {"name": each, "in": "query", "schema": schema} for each, schema in known.items()
        ]
        return one
    if name == "room-command":
        pieces = {"anyOf": [{"type": "boolean"}, {"type": "null"}, {"type": "integer"}, ANYTHING]}
        whole = dict.fromkeys(("up", "seat", "on", "reason", "text", "kind", "detail"), pieces)
        content = {JSON: {"schema": {"type": "object", "properties": whole, "additionalProperties": False}}}
    else:
        known |= dict.fromkeys(asked.files, ANYTHING)
        schema = {"type": "object", "properties": known, "required": sorted(known)}
        content = {FILES if asked.files else FORM: {"schema": schema | {"additionalProperties": False}}}
    return one | {"requestBody": {"content": content}}


def _values(values: set[str]) -> dict[str, Any]:
    return {"anyOf": [{"enum": sorted(values)}, ANYTHING]} if values else ANYTHING


def _forms(school: School, methods: set[tuple[str, str]], clients: list[Client]) -> Forms:
    found: Forms = {}
    for name, method in methods:
        if method == "GET" and not any(part in name for part in SLOW):
            page = _page(address_of(name, school), clients)
            if page is not None:
                _read(page, name, found)
        elif method == "POST":
            for each, value in body(name, school).items():
                values = value if isinstance(value, list) else [value]
                found.setdefault((name, method), Asked()).take(each, *map(str, values))
    return found


def _page(address: str, clients: list[Client]) -> Page | None:
    for client in clients:
        answer = client.get(address)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            return Page(answer)
    return None


def _read(page: Page, shown_at: str, found: Forms) -> None:
    """Take over the forms of a page, and what its links ask in their addresses."""
    for one in page.every:
        if one.tag == "form":
            method = one.get("method").upper() or "GET"
            name = _name_of(one.get("action")) if one.get("action").strip() else shown_at
            if name:
                asked = found.setdefault((name, method), Asked())
                for each in one.inside:
                    _take(each, asked)
        elif one.tag == "a" and "?" in one.get("href"):
            name = _name_of(one.get("href"))
            for key, value in parse_qsl(urlsplit(one.get("href")).query):
                found.setdefault((name, "GET"), Asked()).take(key, value)


def _take(one: Element, asked: Asked) -> None:
    if one.tag not in FIELDS:
        return
    if one.get("type") == "file":
        asked.files.add(one.get("name"))
    elif one.tag == "select":
        asked.take(one.get("name"), *(each.get("value") for each in one.inside if each.tag == "option"))
    else:
        asked.take(one.get("name"), one.get("value") or one.text.strip()[:200])


def _name_of(address: str) -> str:
    try:
        found = resolve(urlsplit(address).path or "/")
    except Resolver404:
        return ""
    return found.url_name or ""
