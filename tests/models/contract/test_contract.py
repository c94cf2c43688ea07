"""Contracts of strangers' classifiers: as text, as plain values, and what must be refused in one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustmnist.errors import InputError
from robustmnist.models.contract.contract import Input, Output

NUMBERS = st.floats(-1000, 1000, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6)


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    layout = draw(st.sampled_from(["nchw", "nhwc", "hw", "flat"]))
    channels = draw(st.sampled_from([1, 3])) if layout in ("nchw", "nhwc") else 1
    per_image = draw(st.booleans())
    scale = {}
    if not per_image:
        count = draw(st.sampled_from([1, channels]))
        means = tuple(draw(NUMBERS) for _ in range(count))
        sds = tuple(abs(draw(NUMBERS)) + 0.1 for _ in range(count))
        scale = {"mean": means if count > 1 else means[0], "sd": sds if count > 1 else sds[0]}
    fit = draw(st.sampled_from(["pad", "resize"]))
    return Input(
        orientation=draw(st.sampled_from(["upright", "transposed"])),
        size=draw(st.integers(28 if fit == "pad" else 8, 512)),
        fit=fit,
        ink=draw(st.sampled_from(["light", "dark"])),
        range=draw(st.tuples(NUMBERS, NUMBERS).filter(lambda ends: ends[0] != ends[1])),
        per_image=per_image,
        channels=channels,
        layout=layout,
        **scale,
    )


@given(inputs())
def test_text_and_plain_values_say_the_same_contract(contract: Input) -> None:
    assert Input.parse(str(contract)) == contract
    assert Input.from_dict(json.loads(json.dumps(contract.as_dict()))) == contract
    assert contract.same_as(contract)


@given(st.permutations(range(62)), st.sampled_from(["logits", "log-probabilities", "probabilities", "labels"]))
def test_output_text_and_plain_values(columns: list[int], kind: str) -> None:
    contract = Output(kind, tuple(columns[:10]))  # type: ignore[arg-type]
    assert Output.parse(str(contract)) == contract
    assert Output.from_dict(json.loads(json.dumps(contract.as_dict()))) == contract
    assert contract.has_confidence == (kind != "labels")


@pytest.mark.parametrize(
    ("text", "same", "shape"),
    [
        ("0..1", Input(), (1, 28, 28)),
        ("0..255, nhwc, dark", Input(range=(0, 255), layout="nhwc", ink="dark"), (28, 28, 1)),
        ("mean=0.1307,sd=0.3081,size=32,fit=resize", Input(mean=0.1307, sd=0.3081, size=32, fit="resize"), (1, 32, 32)),
        ("Per image, flat, transposed", Input(per_image=True, layout="flat", orientation="transposed"), (784,)),
        ("−1..1,hw", Input(range=(-1, 1), layout="hw"), (28, 28)),
        ("size=224,resize,channels=3", Input(size=224, fit="resize", channels=3), (3, 224, 224)),
        ("range=0..16,size=8,resize,flat", Input(range=(0, 16), size=8, fit="resize", layout="flat"), (64,)),
    ],
)
def test_what_people_write(text: str, same: Input, shape: tuple[int, ...]) -> None:
    assert Input.parse(text) == same
    assert same.shape == shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nhcw", "did you mean 'nhwc'?"),
        ("inverted", "did you mean 'dark'?"),
        ("std=0.3", "did you mean 'sd='?"),
        ("men=0.1", "did you mean 'mean='?"),
        ("layout=nhcw", "did you mean 'nhwc'?"),
        ("size=28.5", "not a whole number"),
        ("size=4", "8 to 512"),
        ("channels=2", "use 1, 3"),
        ("channels=3,flat", "one channel"),
        ("size=20", "use fit=resize"),
        ("0..0", "two different numbers"),
        ("sd=0", "above 0"),
        ("sd=-1", "above 0"),
        ("mean=1e9", "below a million"),
        ("mean=0.1/0.2", "one number"),
        ("per-image,mean=0.1", "exclude each other"),
        ("dark,light", "given twice"),
        ("", "a word is missing"),
        ("0..1,,dark", "a word is missing"),
        ("0..1\n2", "not understood"),
        ("x" * 10_000, "no contract"),
    ],
)
def test_input_mistakes_are_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Input.parse(text)
    message = str(caught.value)
    assert said in message
    assert message.startswith("input: ")
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("softmax", "did you mean 'probabilities'?"),
        ("logit", "did you mean 'logits'?"),
        ("logits,classes=1/2", "ten different"),
        ("logits,classes=0/1/2/3/4/5/6/7/8/8", "ten different"),
        ("logits,classes=0/1/2/3/4/5/6/7/8/x", "not a whole number"),
        ("logits,labels", "given twice"),
        ("kind=scores", "use logits"),
    ],
)
def test_output_mistakes_are_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"^output: ") as caught:
        Output.parse(text)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "table",
    [
        {"size": True},
        {"size": 32.0},
        {"size": None},
        {"mean": "0.1"},
        {"mean": float("nan")},
        {"sd": [0.3, 0.3]},
        {"range": [0]},
        {"range": [0, 1, 2]},
        {"range": 1},
        {"channels": True},
        {"per_image": 1},
        {"layout": ["nchw"]},
        {"colour": "red"},
    ],
)
def test_plain_values_of_another_type_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"^input: "):
        Input.from_dict(table)


@pytest.mark.parametrize("classes", [None, 3, "0123456789", [0.0] * 10, [True, *range(1, 10)], [-1, *range(9)]])
def test_classes_of_another_type_are_refused(classes: object) -> None:
    with pytest.raises(InputError, match=r"^output: classes"):
        Output.from_dict({"kind": "logits", "classes": classes})


def test_same_as_sees_through_the_words() -> None:
    assert Input.parse("-1..1").same_as(Input.parse("mean=0.5,sd=0.5"))
    assert Input.parse("0..255,mean=33.3285,sd=78.5655").same_as(Input.parse("mean=0.1307,sd=0.3081"))
    assert Input.parse("0..255,per-image").same_as(Input.parse("per-image"))
    assert Input(fit="resize").same_as(Input(fit="pad"))
    assert not Input(size=32, fit="resize").same_as(Input(size=32, fit="pad"))
    assert not Input.parse("0..1").same_as(Input.parse("0..255"))
    assert not Input.parse("0..1,dark").same_as(Input.parse("0..1"))
    assert not Input.parse("per-image").same_as(Input.parse("0..1"))
    rgb = Input(channels=3, mean=(0.5, 0.5, 0.5), sd=(0.5, 0.5, 0.5))
    assert rgb.same_as(Input(channels=3, range=(-1, 1)))
    assert not rgb.same_as(Input(channels=3, mean=(0.5, 0.5, 0.4), sd=(0.5, 0.5, 0.5)))
