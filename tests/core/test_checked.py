"""Complaints about data, in words that its sender knows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict

from trueline.catalog.inputs import Charge
from trueline.core.checked import checked
from trueline.core.errors import Fault, InputError


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: Charge = Decimal(0)


def fault(data: dict[str, object]) -> Fault:
    with pytest.raises(InputError) as found:
        checked(Given, data)
    return found.value.faults[0]


def test_a_value_is_shown_as_it_was_sent_and_not_as_python_writes_it() -> None:
    shown = fault({"values": [Decimal("5.50"), None, {"a": True}]}).value
    assert shown == '[5.5,null,{"a":true}]'
    assert "<object" in str(fault({"values": [object()]}).value)  # from Python: no JSON
    assert len(fault({"values": ["x" * 500]}).value or "") == 80


def test_a_number_in_quotes_is_told_how_to_write_it() -> None:
    said = fault({"amount": "5"})
    assert (said.message, said.where, said.value) == ("is not a number", "amount", "5")
    assert said.fix == "Write digits and a point without quotes, such as 1234.5."
