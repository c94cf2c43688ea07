"""The stack machine of Python's pickles, without the instructions that look up, call or build anything.

A pickle is a program. This machine knows the instructions that make plain values. Where the program asks for a name or
for a call, it gets a record of having asked; what the records mean, `torch_file` decides. Hence no file can run code
here, whatever it holds.

Source: Python's pickletools.py, which describes the instructions and cuts the bytes into them.
"""

import io
import pickletools
import warnings
from collections.abc import Callable
from typing import Any

from robustmnist.models.sources.pickle_records import Call, Name, Stored, check_name
from robustmnist.models.sources.refusals import SAVE_STATE, Unreadable

__all__ = ["read_pickle"]

MAX_INSTRUCTIONS = 1_000_000


def read_pickle(stream: io.BytesIO) -> Any:
    """Return the value of the pickle that begins where `stream` stands, and leave `stream` at its end.

    Raises:
        Unreadable: If it is damaged, or names anything but tensors and plain values.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pickletools warns of odd backslashes in names, which are refused anyway
            return _Machine().run(stream)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as cause:
        # A damaged program takes from an empty stack, or does to one kind of value what is meant for another.
        raise Unreadable("is damaged: its pickle makes no sense", "fetch or save it again") from cause
    except RecursionError as cause:
        raise Unreadable("is damaged: its pickle is nested too deep") from cause


class _Machine:
    """The stack of a pickle, what lies under its marks, and what it has put aside."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.under: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        """Return the value that the pickle in `stream` makes."""
        for count, (opcode, argument, position) in enumerate(pickletools.genops(stream)):
            if opcode.name == "STOP":
                return self.stack.pop()
            if count > MAX_INSTRUCTIONS:
                raise Unreadable("holds a pickle of too many instructions")
            if opcode.name in PLAIN:
                self.stack.append(argument)
            elif opcode.name in INSTRUCTIONS:
                INSTRUCTIONS[opcode.name](self, argument)
            else:
                raise Unreadable(f"holds a pickle with the instruction {opcode.name} (byte {position})", SAVE_STATE)
            if opcode.name in ("GLOBAL", "STACK_GLOBAL"):
                check_name(self.stack[-1], opcode.name, position)
        raise ValueError("no end")

    def above_mark(self) -> list[Any]:
        """Take all values above the last mark off the stack."""
        above, self.stack = self.stack, self.under.pop()
        return above

    def mark(self, _: Any) -> None:
        """Begin a new stack on top of the current stack."""
        self.under.append(self.stack)
        self.stack = []

    def get(self, index: Any) -> None:
        """Push what was put aside under `index`."""
        self.stack.append(self.memo[index])

    def put(self, index: Any) -> None:
        """Put the last value aside under `index`, or under the next free number."""
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]

    def gather(self, count: int | None) -> None:
        """Take `count` values, or all above the mark, as one tuple."""
        if count is None:
            above = tuple(self.above_mark())
            self.stack.append(above)
        else:
            self.stack[-count:] = [tuple(self.stack[index] for index in range(-count, 0))]

    def extend(self, values: list[Any]) -> None:
        """Append `values` to the list on top; to anything else nothing happens."""
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(values)

    def fill(self, values: list[Any]) -> None:
        """Take `values` as keys and values for the dict on top, as far as the keys are texts or whole numbers."""
        target = self.stack[-1]
        for key, value in zip(values[::2], values[1::2], strict=True):
            if isinstance(target, dict) and (isinstance(key, str) or (type(key) is int and abs(key) < 2**63)):
                target[key] = value

    def name(self, argument: str | None) -> None:
        """Push a record of a name: the argument, or the two texts on top."""
        if argument is None:
            attribute, module = self.stack.pop(), self.stack.pop()
            if not isinstance(attribute, str) or not isinstance(module, str):
                raise ValueError("a name that is no text")
            argument = f"{module} {attribute}"
        self.stack.append(Name(argument.replace(" ", ".", 1)))

    def call(self, _: Any) -> None:
        """Push a record of a call, except for the two kinds of dicts that torch writes."""
        arguments, name = self.stack.pop(), self.stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise Unreadable("holds a pickle that calls what it has made itself", SAVE_STATE)
        made: Any = Call(name, arguments)
        if name.text in ("collections.OrderedDict", "collections.defaultdict"):
            made = {}
            for pair in arguments[0] if arguments and isinstance(arguments[0], list) else ():
                if isinstance(pair[0], str):
                    made[pair[0]] = pair[1]
        self.stack.append(made)


def _push(make: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.stack.append(make())


def _list(machine: _Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.stack.append(values)


def _dictionary(machine: _Machine, _: Any) -> None:
    values = machine.above_mark()
    machine.stack.append({})
    machine.fill(values)


# Instructions that push their argument.
PLAIN = {
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "LONG4",
    "INT",
    "LONG",
    "FLOAT",
    "BINFLOAT",
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "STRING",
    "BINSTRING",
    "SHORT_BINSTRING",
    "BINBYTES",
    "SHORT_BINBYTES",
}
INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda machine, _: None,
    "FRAME": lambda machine, _: None,
    "NONE": _push(lambda: None),
    "NEWTRUE": _push(lambda: True),
    "NEWFALSE": _push(lambda: False),
    "EMPTY_DICT": _push(dict),
    "EMPTY_LIST": _push(list),
    "EMPTY_SET": _push(list),
    "EMPTY_TUPLE": _push(tuple),
    "MARK": _Machine.mark,
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.put,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "TUPLE": lambda machine, _: machine.gather(None),
    "TUPLE1": lambda machine, _: machine.gather(1),
    "TUPLE2": lambda machine, _: machine.gather(2),
    "TUPLE3": lambda machine, _: machine.gather(3),
    "LIST": _list,
    "DICT": _dictionary,
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.above_mark()),
    "ADDITEMS": lambda machine, _: machine.extend(machine.above_mark()),
    "SETITEM": lambda machine, _: machine.fill([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine, _: machine.fill(machine.above_mark()),
    "POP": lambda machine, _: machine.stack.pop(),
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "BUILD": lambda machine, _: machine.stack.pop(),  # the attributes of an object: names of versions, at best
    "BINPERSID": lambda machine, _: machine.stack.append(Stored(machine.stack.pop())),
}
