import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import SpecError
from seatrial.spec.keys import KEYS, SECTIONS
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.trial_spec import TrialSpec

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=32)
    | st.text(max_size=8)
    | st.sampled_from(["/", "a:b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def toml(value: object) -> str:
    """Any value as TOML; its strings are those of JSON, but for the letters that only JSON lets stand."""
    match value:
        case None:
            return '""'
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=True).replace("\\ud", "\\u00").replace("\x7f", " ")
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{toml(name)} = {toml(item)}" for name, item in value.items()) + "}"
        case _:
            return repr(value)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([key.path for key in KEYS]), VALUES, max_size=12))
def test_whatever_the_keys_hold_the_answer_is_a_specification_or_sentences_with_lines(
    given_keys: dict[str, object],
) -> None:
    lines = []
    for section in SECTIONS:
        lines.append(section.header)
        lines += [f"{key.name} = {toml(given_keys[key.path])}" for key in section.keys if key.path in given_keys]
    text = "\n".join(lines)
    told = read(text)
    if isinstance(told, str):
        places = [line for line in told.splitlines() if line.startswith("PATH:")]
        assert places
        for place in places:
            number = place.split(":")[1]
            assert not number.isdecimal() or 1 <= int(number) <= len(lines)


@settings(deadline=None)
@given(st.text(alphabet="[]{}=\"'#.,\n ab1\\", max_size=60))
def test_whatever_the_text_the_answer_is_a_specification_or_sentences(text: str) -> None:
    read(text)


def read(text: str) -> TrialSpec | str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seatrial.toml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_trial_spec(path)
        except SpecError as refusal:
            return str(refusal).replace(str(path), "PATH")
