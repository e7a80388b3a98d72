"""JSON in: read within a limit, parsed strictly, checked against a model. Never a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel

from trueline.core.checked import checked
from trueline.core.errors import InputError

MOST_BYTES = 8 * 1024 * 1024
MOST_DEPTH = 32
LONGEST_NUMBER = 60
LONGEST_TEXT = 100_000

Model = TypeVar("Model", bound=BaseModel)


class BadJsonError(InputError):
    """The body is no JSON that is accepted here."""

    status, code = 400, "bad_json"


class TooLargeError(InputError):
    """The body is larger than accepted."""

    status, code = 413, "too_large"


class MediaTypeError(InputError):
    """The body is of another kind than the route takes."""

    status, code = 415, "unsupported_media_type"


async def read_limited(request: Request, most: int = MOST_BYTES) -> bytes:
    """The body, at most ``most`` bytes. Raises TooLargeError."""
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLargeError(f"The body is larger than {most:,} bytes.", "Send less at a time.")
        parts.append(chunk)
    return b"".join(parts)


def parse(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN, numbers exact. Raises BadJsonError."""
    if not raw.strip():
        raise BadJsonError("The body is empty.", "Send a JSON object.")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadJsonError("The body starts with a byte order mark.", "Send plain UTF-8 JSON.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJsonError(f"The body is not UTF-8 at byte {error.start}.") from None
    try:
        value = (_DECODER if _LONG in raw.translate(_DIGITS) else _QUICK).decode(text)
    except RecursionError:
        raise BadJsonError("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise BadJsonError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    _check_depth(value)
    # Texts are looked at where one can be wrong: behind an escape, or where one may be too long.
    if "\\u" in text or _may_be_long(text):
        _check_texts(value)
    return value


def _may_be_long(text: str) -> bool:
    """Whether a text in this JSON may be too long: from one quote to the next, or with quotes in
    it. Each stride is to the last quote that is near enough."""
    if len(text) <= LONGEST_TEXT:
        return False
    if '\\"' in text:
        return True
    at = 0
    while len(text) - at > LONGEST_TEXT:
        quote = text.rfind('"', at, at + LONGEST_TEXT + 1)
        if quote < 0:
            return True
        at = quote + 1
    return False


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise BadJsonError(f"A number has more than {LONGEST_NUMBER} characters.")
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent longer than the decimal's own limits
        raise BadJsonError(f"The number {text} is out of range.") from None
    if value and not -30 <= value.adjusted() <= 30:
        raise BadJsonError(f"The number {text} is out of range.", "Give a plain decimal number.")
    return value


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise BadJsonError(f"A number has more than {LONGEST_NUMBER} characters.")
    return int(text)


def _constant(text: str) -> Any:
    raise BadJsonError(f"{text} is no JSON number.", "Leave the field out where nothing is known.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadJsonError(f"The key '{_twice(pairs)[:80]}' is given twice.")
    return found


def _twice(pairs: list[tuple[str, Any]]) -> str:
    """The first key that was there before."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            break
        seen.add(name)
    return name


_STRICT: dict[str, Any] = {
    "parse_float": _number,
    "parse_constant": _constant,
    "object_pairs_hook": _object,
}
_DECODER = json.JSONDecoder(parse_int=_integer, **_STRICT)
_QUICK = json.JSONDecoder(**_STRICT)
"""For a text without any number that is too long: whole ones need no look of ours then."""
_DIGITS = bytes(48 if chr(byte).isdecimal() else 32 for byte in range(256))
_LONG = b"0" * LONGEST_NUMBER
"""So many digits in a row, each written as 0: found without trying a pattern at each place."""


def _check_depth(value: Any) -> None:
    """Refuse deep nesting, which no field means."""
    level = [value] if type(value) is dict or type(value) is list else []
    for _ in range(MOST_DEPTH):
        level = [
            item
            for outer in level
            for item in (outer.values() if type(outer) is dict else outer)
            if type(item) is dict or type(item) is list
        ]
        if not level:
            return
    raise BadJsonError(f"The body is nested more than {MOST_DEPTH} levels deep.")


def _check_texts(value: Any) -> None:
    """Refuse what no field means: NUL, half of a surrogate pair, endless text."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise InputError(f"A text has more than {LONGEST_TEXT:,} characters.", "Shorten it.")
    if "\x00" in text:
        raise InputError("A text holds a NUL character.", "Leave it out.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("A text holds half of a surrogate pair.", "Send valid Unicode.") from None


def json_body(model: type[Model]) -> Callable[[Request], Coroutine[Any, Any, Model]]:
    """A dependency that reads the request's body as the model."""

    async def read(request: Request) -> Model:
        value = await json_value(request)
        if not isinstance(value, dict):
            fields = ", ".join(model.model_fields)
            raise InputError(
                f"The body is {_named(value)}, not an object.",
                f"Send one JSON object: {{...}} with {fields}.",
            )
        return checked(model, value)

    return read


def _named(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


async def json_value(request: Request) -> Any:
    """The request's body as strict JSON. Raises MediaTypeError, TooLargeError, BadJsonError."""
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip()
    if kind.lower() != "application/json":
        raise MediaTypeError(
            f"The body is {kind[:60]}.", "Send it with Content-Type: application/json."
        )
    raw = await read_limited(request)
    request.state.body = raw
    return parse(raw)


def documented(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The body's part of a route's OpenAPI entry."""
    schema = model.model_json_schema()
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example}},
        }
    }
