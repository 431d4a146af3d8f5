"""A verdict has one of four results, and its file is the same text for the same content."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretrial.models import Criterion, ModelError, State, Verdict
from foretrial.models.verdict import canonical

CONTENT = {"value": 812.5, "text": {"zh": "低于 550 °C？", "en": "Below 550 °C?"}, "lines": [1, 2.5, None, True]}


def verdict(state=State.PASS):
    return Verdict(id="R1", state=state, value=796.0, limit=823.15, margin=27.15, expanded=6.0,
                   reasons=("The margin exceeds the guard band.", "Every need is met."), content=CONTENT)  # fmt: skip


@given(st.lists(st.sampled_from(list(State)), min_size=1))
def test_the_worst_of_several_results_is_their_combination(states):
    order = ["FAIL", "NOT-VALID-HERE", "INCONCLUSIVE", "PASS"]
    assert State.worst(states).value == min((state.value for state in states), key=order.index)


@pytest.mark.parametrize("state", State)
def test_only_pass_passes(state):
    assert verdict(state).passes == (state.value == "PASS")


def test_a_verdict_says_result_margin_and_reasons_in_one_line():
    said = str(verdict())
    assert said == "PASS  R1: margin 27.1 +- 6 (k U). The margin exceeds the guard band. Every need is met."


def test_the_file_is_canonical():
    assert verdict().json() == (
        '{"lines":[1,2.5,null,true],"text":{"en":"Below 550 °C?","zh":"低于 550 °C？"},"value":812.5}'
    )
    backwards = dict(reversed(CONTENT.items()))
    assert canonical(backwards) == canonical(CONTENT)
    assert json.loads(canonical(CONTENT)) == CONTENT


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_never_reaches_the_file(number):
    with pytest.raises(ModelError, match=r"holds a number that is not finite\. .* can be checked\. Look for NaN"):
        canonical({"deep": [{"value": number}]})


def test_a_criterion_has_one_of_five_states():
    for state in ("met", "not-met", "waived", "not-applicable", "not-yet"):
        assert Criterion(id="A1", group="A", text="t", text_zh="文", state=state).state == state
    with pytest.raises(ModelError, match=r"criterion A1: state 'done' is not known\. It is one of met, .* Correct it"):
        Criterion(id="A1", group="A", text="t", text_zh="文", state="done")
