"""Calculators' pages: each one's example computes, errors stand beside fields, addresses share."""

from __future__ import annotations

import pytest
from serving import Served

from pages import HTML, shown, value_of, words_of
from trueline.catalog.calculate import calculators
from trueline.web.pages.calculators import _typed


@pytest.mark.parametrize("slug", calculators())
def test_every_calculator_has_a_form_whose_example_computes(served: Served, slug: str) -> None:
    for number, way in enumerate(calculators()[slug].calculators()):
        text = shown(served, f"/calculators/{slug}", way=number)
        assert "Worked example" in text
        assert 'class="val big"' in text
        typed = {name: _typed(value) for name, value in way.example.items()}
        for name in way.model_fields:
            assert f'name="{name}"' in text, name
        again = shown(served, f"/calculators/{slug}", way=number, **typed)
        big = [page.split('class="val big">')[1].split("<")[0] for page in (text, again)]
        assert big[0] == big[1]


def test_a_result_has_an_address_that_gives_it_again(served: Served) -> None:
    address = "/calculators/churn-rate?customers_lost=5&total_customers_at_start=100"
    text = shown(served, address)
    assert "5.0%" in words_of(text)
    assert value_of(text, "customers_lost") == "5"
    assert f'data-copy="{address.replace("&", "&amp;")}"' in text


def test_a_rule_between_inputs_is_told_in_words_beside_a_field(served: Served) -> None:
    text = shown(
        served, "/calculators/churn-rate", 422, customers_lost=50, total_customers_at_start=20
    )
    assert "“Customers lost” 50 is more than “Total customers at start” 20" in words_of(text)
    assert 'id="f-customers_lost-h"' in text
    assert 'aria-invalid="true"' in text
    assert value_of(text, "customers_lost") == "50"
    assert ">Customers lost</a>" in text


def test_what_is_wrong_with_digits_alone_is_their_number(served: Served) -> None:
    text = shown(
        served, "/calculators/churn-rate", 422, customers_lost="9" * 70, total_customers_at_start=1
    )
    assert "has more than 60 digits" in words_of(text)
    assert "is no whole number" not in words_of(text)


@pytest.mark.parametrize(
    "given",
    ["NaN", "inf", "1,234.50", "1e309", "$5", "1_000", "٣", "0x10", "true", "5%", "9" * 70, "1.5"],
)
def test_a_text_that_is_no_number_is_told(served: Served, given: str) -> None:
    text = shown(
        served, "/calculators/churn-rate", 422, customers_lost=given, total_customers_at_start="20"
    )
    assert 'id="f-customers_lost-h"' in text
    assert 'class="val big"' not in text


def test_missing_unknown_and_repeated_inputs_are_told(served: Served) -> None:
    text = shown(served, "/calculators/churn-rate", 422, customers_lost=1)
    assert "is missing" in text
    text = shown(
        served, "/calculators/churn-rate", 422, customers_lost=1, total_customers_at_start=2, x=1
    )
    assert "is not known here" in text
    answer = served.client.get("/calculators/arr?mrr=1&mrr=2", headers=HTML)
    assert answer.status_code == 422
    answer = served.client.get("/calculators/chrun-rate", headers=HTML)
    assert (answer.status_code, "churn-rate" in answer.text) == (404, True)


def test_hostile_text_stays_text(served: Served) -> None:
    text = shown(served, "/calculators/arr", 422, mrr="<script>alert(1)</script>")
    assert "<script>alert" not in text


def test_every_calculator_is_listed(served: Served) -> None:
    text = shown(served, "/calculators")
    for slug in calculators():
        assert f'href="/calculators/{slug}"' in text


def test_the_first_page_says_what_each_group_needs(served: Served) -> None:
    text = words_of(shown(served, "/welcome"))
    assert "trueline demo" in text
    assert "Recurring revenue" in text
    assert "subscription_events" in text
