"""Data checked against a model, its complaints in our words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from trueline.core.errors import Fault, InputError, TruelineError
from trueline.core.reading import dumps

Model = TypeVar("Model", bound=BaseModel)


_WORDS = {
    "extra_forbidden": "is not known here",
    "missing": "is missing",
    "decimal_type": "is not a number",
    "is_instance_of": "is not a number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "string_type": "is not a text",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "finite_number": "is not a finite number",
    "list_type": "is not a list",
    "tuple_type": "is not a list",
    "decimal_parsing": "is not a number",
    "decimal_max_places": "has more than {decimal_places} decimals",
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "greater_than_equal": "has to be at least {ge}",
    "greater_than": "has to be above {gt}",
    "less_than_equal": "has to be at most {le}",
    "less_than": "has to be below {lt}",
    "literal_error": "is none of {expected}",
    "string_too_long": "has more than {max_length} characters",
    "string_too_short": "has fewer than {min_length} characters",
    "string_pattern_mismatch": "is not of the form {pattern}",
    "too_long": "has more than {max_length} entries",
    "too_short": "has fewer than {min_length} entries",
}


_FIXES = {
    "not_a_number": "Write digits and a point without quotes, such as 1234.5.",
    "decimal_parsing": "Write digits and a point without quotes, such as 1234.5.",
    "decimal_type": "Write digits and a point without quotes, such as 1234.5.",
    "is_instance_of": "Write digits and a point without quotes, such as 1234.5.",
    "int_type": "Write digits only, such as 30.",
    "int_parsing": "Write digits only, such as 30.",
    "int_from_float": "Write digits only, such as 30.",
    "bool_parsing": "Write true or false.",
    "bool_type": "Write true or false.",
    "string_type": "Put it between quotes.",
    "missing": "Add it.",
}


LOOKED_UP = 20
"""For so many names that are not known the nearest known one is sought."""


def faults_from(
    errors: Sequence[Any], skip: int = 0, known: Iterable[str] = ()
) -> tuple[Fault, ...]:
    """Pydantic's errors as faults; ``skip`` drops leading parts of where they are.

    ``known`` are the names that an unknown one may have been meant for.
    """
    faults: dict[str | None, Fault] = {}
    names = list(known)
    # A name that is not known comes first: it is often why another one is missing.
    for item in sorted(errors, key=lambda item: item["type"] != "extra_forbidden"):
        place = [str(part) for part in item["loc"][skip:] if part not in ("decimal", "int")]
        where = ".".join(place) or None
        # One fault a place: the members of a union each complain in their own way.
        # Seeking a near name takes long: who sends hundreds learns by the first.
        faults.setdefault(where, _fault(item, where, names if len(faults) < LOOKED_UP else ()))
    return tuple(faults.values())


def _fault(item: Any, where: str | None, names: Sequence[str]) -> Fault:
    kind = item["type"]
    words = _WORDS.get(kind)
    message = (
        item["msg"].removeprefix("Value error, ").rstrip(".")
        if words is None
        else words.format(**item.get("ctx", {}))
    )
    fix = _FIXES.get(kind)
    if kind == "extra_forbidden":
        near = get_close_matches(where or "", names, n=1, cutoff=0.5)
        fix = f"Did you mean {near[0]}?" if near else None
        if names and not near:
            fix = f"Leave it out. Known are: {', '.join(names)}."
    given = None if kind == "missing" or where is None else _given(item.get("input"))
    return Fault(message, where, given, fix)


def _given(value: Any) -> str:
    """A value as it was sent, not as Python writes it; its beginning where it is long."""
    try:
        text = str(value) if isinstance(value, str | Decimal) else dumps(value)
    except (TruelineError, TypeError):  # no JSON: it came from Python
        text = str(value)
    return text[:80]


def checked(model: type[Model], data: Any) -> Model:
    """The data as the model. Raises InputError naming each field that is wrong."""
    try:
        # model_validate does the same, and takes longer for options that are not used here.
        return cast(Model, model.__pydantic_validator__.validate_python(data))
    except ValidationError as error:
        raise refusal(error, model.model_fields) from None


def refusal(error: ValidationError, known: Iterable[str]) -> InputError:
    """What a model refused, naming each field that is wrong; ``known`` are its fields."""
    faults = faults_from(error.errors(), known=known)
    first = faults[0]
    where = f"{first.where} " if first.where else ""
    return InputError(f"{where}{first.message}.", first.fix, faults)
