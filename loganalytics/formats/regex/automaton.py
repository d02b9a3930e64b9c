"""The ways in which text can run through a regular expression, and whether some can be cut without a difference.

Each character of the expression is a place, and from each place the engine may go on to others, in an order of
preference: the automaton of Glushkov (1961), with counted repeats written out. Cutting ways is safe when there is no
text that runs both through what is left and, in a way that the engine prefers, through what was cut. To look for
such a text is to walk both ways at once.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

_TOKEN = re.compile(
    r"(?P<flags>\(\?[a-z-]+\))|(?P<open>\((?:\?P<[^>]+>|\?[a-z-]*:)?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<quant>(?:[?*+]|\{\d+(?:,\d*)?\})\??)|(?P<atom>\[\^?(?:\\.|[^\\\]])+\]|\\x\{[0-9A-Fa-f]+\}|\\.|[^\\])",
    re.DOTALL,
)
_ASCII = "".join(map(chr, range(128)))
_OTHER = 1 << 128  # what is not ASCII
_ENDLESS = 1 << 16
_END = -1
# A proof that takes longer is given up.
_MOST_PAIRS = 20_000

Places = list[int]
Edges = dict[int, Places]
Step = tuple[int, int]
State = tuple[int, int, bool]
"""A place of each way, and whether the second took a step that was cut."""


@dataclass(frozen=True)
class Node:
    """A character or class of them (`mask`: bits of ASCII, then one for the rest), an anchor, or a group."""

    number: int
    text: str = ""
    mask: int = 0
    branches: tuple[tuple[Node, ...], ...] = ()
    quant: str = ""
    least: int = 1
    most: int = 1
    first: int = 0
    """The number of its first character."""
    captures: bool = False
    """Whether it may capture nothing, which is not the same as to be left out."""

    @property
    def choice(self) -> str:
        """The name of the choice whether it stands."""
        return f"q{self.number}"

    def branch(self, place: int) -> str:
        """Return the name of the choice of a branch."""
        return f"b{self.number}_{place}"


@cache
def tree(regex: str) -> Node:
    """Return an expression as nodes, numbered from left to right."""
    stack: list[tuple[str, list[list[Node]], bool]] = [("(?:", [[]], False)]
    for number, token in enumerate(_TOKEN.finditer(regex), 1):
        kind, text = token.lastgroup, token[0]
        sequence = stack[-1][1][-1]
        if kind == "open":
            stack.append((text, [[]], stack[-1][2] or "i" in re.sub("-.*|P<.*", "", text)))
        elif kind == "close":
            opening, branches, _ = stack.pop()
            first = min((node.first for branch in branches for node in branch), default=number)
            stack[-1][1][-1].append(Node(number, opening, branches=tuple(map(tuple, branches)), first=first))
        elif kind == "bar":
            stack[-1][1].append([])
        elif kind == "quant":
            sequence[-1] = _repeat(sequence[-1], text)
        else:
            mask = _mask(text, fold=stack[-1][2]) if kind == "atom" else 0
            sequence.append(Node(number, text, mask, first=number))
    return Node(0, "(?:", branches=tuple(map(tuple, stack[0][1])))


def _repeat(node: Node, quant: str) -> Node:
    plain = quant[:-1] if len(quant) > 1 and quant.endswith("?") else quant
    low, comma, high = plain.strip("{}").partition(",")
    least, most = {"?": (0, 1), "*": (0, _ENDLESS), "+": (1, _ENDLESS)}.get(plain) or (
        int(low), int(high or _ENDLESS if comma else low)
    )  # fmt: skip
    empty = _END in _Ways(frozenset()).once(node, [_END], ())
    return replace(node, quant=quant, least=least, most=most, captures=empty and "?P<" in repr(node))


@cache
def _mask(atom: str, *, fold: bool) -> int:
    if atom in ("^", "$", r"\b", r"\B"):
        return 0
    if atom.startswith(r"\x{"):
        return 1 << min(int(atom[3:-1], 16), 128)
    if len(atom) == 1 and atom != ".":
        return (
            1 << min(ord(atom), 128)
            if not fold
            else 1 << min(ord(atom.lower()), 128) | 1 << min(ord(atom.upper()), 128)
        )
    wide = _OTHER if atom == "." or atom[0] == "[" else 0
    return sum(1 << ord(char) for char in re.findall(atom, _ASCII, re.IGNORECASE if fold else 0)) | wide


class _Ways:
    """The places of an expression and where one may go on from each, some choices being made."""

    def __init__(self, cuts: frozenset[str]) -> None:
        self.cuts = cuts
        self.edges: Edges = {}
        self.masks: dict[int, int] = {}
        self.numbers: dict[int, int] = {}
        self._places: dict[tuple[int, ...], int] = {}

    def ahead(self, node: Node, after: Places, turn: tuple[int, ...]) -> Places:
        """Return where one may go at the node's beginning, `after` being where one may go behind it."""
        if node.choice in self.cuts:
            return after
        least = 1 if f"m{node.number}" in self.cuts else node.least
        lazy = len(node.quant) > 1 and node.quant.endswith("?")
        here = after
        if node.most == _ENDLESS:
            for _ in range(2):  # the second time round it is known where a turn begins
                here = _merge(after, here) if lazy else _merge(here, after)
                here = self.once(node, here, (*turn, -1))
            here = here if least else _merge(after, here) if lazy else _merge(here, after)
            least = max(least - 1, 0)
        else:
            for number in range(node.most - least):
                here = self.once(node, here, (*turn, number) if node.most > 1 else turn)
                here = _merge(after, here) if lazy else _merge(here, after)
        for number in range(least):
            here = self.once(node, here, (*turn, 1000 + number) if node.most > 1 else turn)
        return here

    def once(self, node: Node, after: Places, turn: tuple[int, ...]) -> Places:
        if node.branches:
            here: Places = []
            for place, branch in enumerate(node.branches):
                if node.branch(place) not in self.cuts:
                    view = after
                    for each in reversed(branch):
                        view = self.ahead(each, view, turn)
                    here = _merge(here, view)
            return here
        if not node.mask:
            return after
        place = self._places.setdefault((node.number, *turn), hash((node.number, *turn)))
        self.edges[place], self.masks[place], self.numbers[place] = after, node.mask, node.number
        return [place]


def _merge(one: Places, other: Places) -> Places:
    return list(dict.fromkeys(one + other))


def firsts(node: Node, place: int) -> int:
    """Return the characters with which a branch may begin."""
    ways = _Ways(frozenset())
    view: Places = []
    for each in reversed(node.branches[place]):
        view = ways.ahead(each, view, ())
    mask = 0
    for each_place in view:
        mask |= ways.masks[each_place]
    return mask


@lru_cache(maxsize=20_000)
def runs_on(regex: str, text: str) -> bool:
    """Whether some way through an expression that begins with ^ takes all of the text, so that more may matter."""
    ways, places = _ways(regex)
    for char in text:
        bit = 1 << min(ord(char), 128)
        places = {place for place in places if place != _END and ways.masks[place] & bit}
        if not places:
            return False
        places = {target for place in places for target in ways.edges[place]}
    return True


@cache
def _ways(regex: str) -> tuple[_Ways, set[int]]:
    """Return all ways through an expression, and the places where they begin."""
    ways = _Ways(frozenset())
    return ways, set(ways.ahead(tree(regex), [_END], ()))


def unsafe(whole: Node, cuts: frozenset[str]) -> frozenset[str]:
    """Return cuts that make a difference for some text; none when all are safe."""
    full, left = _Ways(frozenset()), _Ways(cuts)
    begin = 0
    full.edges[begin], left.edges[begin] = full.ahead(whole, [_END], ()), left.ahead(whole, [_END], ())
    full.numbers |= {begin: -1, _END: _ENDLESS}
    missing = _both_ways(full, left, begin)
    if missing is None:
        return frozenset()
    wrong = frozenset().union(*(_cause(whole, cuts, full.numbers[a], full.numbers[b]) for a, b in missing))
    return wrong or cuts


def _both_ways(full: _Ways, left: _Ways, begin: int) -> list[Step] | None:
    """Return the cut steps, as few as may be, of a text that runs through what is left and, preferably, what was cut.

    None when there is no such text. The first way is of `left`, the second of `full`, which turns off at a step that it
    prefers; from there on both go where the same characters lead.
    """
    todo: deque[tuple[State, State | None, Step]] = deque(_turns(full, left))
    came: dict[State, tuple[State | None, Step]] = {}
    while todo:
        state, source, step = todo.popleft()
        if state in came:
            continue
        came[state] = source, step
        one, other, cut = state
        if (one == other == _END and cut) or len(came) > _MOST_PAIRS:
            return _cut_steps(state, came, left)
        if _END in (one, other):
            continue
        kept = left.edges.get(other, ())
        for target in full.edges[other]:
            new = target not in kept
            for ours in left.edges[one]:
                if _meet(full, ours, target):
                    found = (ours, target, cut or new), state, (other, target)
                    todo.append(found) if new else todo.appendleft(found)
    return None


def _turns(full: _Ways, left: _Ways) -> Iterator[tuple[State, State | None, Step]]:
    """Yield where the preferred way may leave the other."""
    for place, targets in left.edges.items():
        for ours in targets:
            for target in full.edges[place]:
                if target == ours:
                    break
                if _meet(full, ours, target):
                    yield (ours, target, target not in targets), None, (place, target)


def _meet(full: _Ways, one: int, other: int) -> bool:
    if _END in (one, other):
        return one == other
    return bool(full.masks[one] & full.masks[other])


def _cut_steps(goal: State, came: dict[State, tuple[State | None, Step]], left: _Ways) -> list[Step]:
    steps = []
    state: State | None = goal
    while state is not None:
        state, (start, end) = came[state]
        if end not in left.edges.get(start, ()):
            steps.append((start, end))
    return steps


def _cause(node: Node, cuts: frozenset[str], start: int, end: int) -> frozenset[str]:
    """Return the cuts that took away the step from one place to another: those it enters, and those it leaves out."""
    wrong: set[str] = set()

    def walk(each: Node) -> None:
        if each.choice in cuts and each.first <= end <= each.number:
            wrong.add(each.choice)
        if f"m{each.number}" in cuts and start < each.first and each.number < end:
            wrong.add(f"m{each.number}")
        for place, branch in enumerate(each.branches):
            if each.branch(place) in cuts and branch and branch[0].first <= end <= branch[-1].number:
                wrong.add(each.branch(place))
            for inner in branch:
                walk(inner)

    walk(node)
    return frozenset(wrong)
