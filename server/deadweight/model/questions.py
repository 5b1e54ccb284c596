"""What a command asks of the file system that it finds, kept with the answers: as long as these stay, so does what was
read of it.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deadweight.model.effects import Effect
    from deadweight.model.filesystem import Filesystem

    _Reads = Callable[[Any, str], bool]


class Question(NamedTuple):
    """What a command asked of the file system when its RUN had done `here`, and the answer.

    `reads` says of a file whether the answer hangs on its text, by the first argument; None where it hangs on no text.
    """

    ask: Callable[..., Any]
    here: tuple[Effect, ...]
    arguments: tuple[Any, ...]
    answer: Any
    reads: _Reads | None = None

    def hangs_on(self, texts: Iterable[str]) -> bool:
        """Whether the answer may be another one where the texts of these files are."""
        reads = self.reads
        return reads is not None and any(reads(self.arguments[0], path) for path in texts)


def each_once(questions: Iterable[Question]) -> tuple[Question, ...]:
    """Questions without those that were asked before."""
    return tuple({id(each): each for each in questions}.values())


_Asking = TypeVar("_Asking", bound="Callable[..., Any]")


def question(ask: _Asking) -> _Asking:
    """`ask`, a method whose questions are remembered with their answers; what was just asked is not asked again."""
    return question_of_texts(None)(ask)


def question_of_texts(reads: _Reads | None) -> Callable[[_Asking], _Asking]:
    """The same for a method that reads texts: those of which files, `reads` says by the first argument."""

    def remembering(ask: _Asking) -> _Asking:
        @wraps(ask)
        def answer(self: Filesystem, *arguments: Any) -> Any:
            for each in reversed(self.asked):
                if each.here is not self.here:
                    break
                if each.ask is ask and each.arguments == arguments:
                    self.asked.append(each)
                    return each.answer
            found = ask(self, *arguments)
            self.asked.append(Question(ask, self.here, arguments, found, reads))
            return found

        return cast("_Asking", answer)

    return remembering
