"""Laws of JSON, over random values."""

import io
import json
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from costopt.models.result import Result
from costopt.report.records import json_line, write_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text('aé"\\\n\x1b /🙂')
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=20,
)


class Sample(Result):
    """A result that may hold anything."""

    kind: ClassVar[str] = "sample"
    value: Any


@given(JSON)
def test_json_is_laid_out_as_python_does_it(value: object) -> None:
    file = io.StringIO()
    write_json(Sample(value=value), file)
    head = {"format_version": 1, "kind": "sample"}

    assert file.getvalue() == json.dumps({**head, "value": value}, indent=2, ensure_ascii=False) + "\n"
    assert json_line({"value": value}) == json.dumps({"value": value}, ensure_ascii=False) + "\n"
