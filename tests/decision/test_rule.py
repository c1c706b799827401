"""The rule refuses impossible values."""

import pytest

from myelodose.decision import DecisionRule
from myelodose.errors import InputError


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target_dlt": 1.2}, "target_dlt: found 1.2; give a probability between 0 and 1"),
        ({"target_low": 0.4}, "target_low: found 0.4; give a probability between 0 and target_dlt"),
        ({"overdose_limit": 0}, "overdose_limit: found 0"),
        ({"choose": "best"}, "choose: found 'best'"),
        ({"max_step": 0}, "max_step: found 0"),
        ({"cohort_size": 0}, "cohort_size: found 0"),
        ({"target_dlt": float("nan")}, "target_dlt: found nan"),
    ],
)
def test_an_impossible_rule_is_refused(change, says):
    with pytest.raises(InputError) as caught:
        DecisionRule(**change)
    assert says in str(caught.value)
