"""Rule-based rewriting of follow-up questions, for models that cannot do it. Pure functions.

English only. A question that omits its topic ("and in 2021?", "what did he do then?") takes it
from the previous question, and from the names in its answer. New elements of the follow-up
replace those of the same kind: a year replaces a year, a name a name. A complete question is left
unchanged: words of another topic harm it more than they help a follow-up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.services.text.words import WordForm, word_matches

LONGEST_CARRIED = 300
"""Maximum characters taken from the previous question: more would outweigh the follow-up."""

MANY_WORDS = 12
"""Content words above which a question is complete."""

FEW_WORDS = 4
"""Content words up to which an opening like "and" or "what about" makes a follow-up."""

ANSWER_NAMES = 2
"""Maximum names from the previous answer, where a pronoun may refer to them."""

_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_OPENING = re.compile(
    r"^\W*(?:(?:and|but|or|so|then|also|ok(?:ay)?|what about|how about|what of)\b[\s,:]*)+", re.I
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ASKING = _words("what which who whom whose when where why how")
_AUXILIARIES = _words(
    "is are was were be been am do does did has have had can could will would shall should may "
    "might must"
)
_FUNCTION_WORDS = (
    _ASKING
    | _AUXILIARIES
    | _words(
        "a an the of in on at by for from to with without about into over under between during "
        "after before since until as and or but so if then than that this these those there here "
        "it its he him his she her hers they them their theirs i me my we us our you your one ones "
        "not no nor also too very more most much many any some all each both such same other "
        "another else only just ever again now please tell give show explain say there's it's "
        "what's who's"
    )
)
_PERSONAL = _words("it its he him his she her hers they them their theirs")
_POSSESSIVE = _words("its his her their")
_CLAUSE_BORDERS = _words(
    "and but or when while before after because since if unless until although though so that "
    "which who whom where as than"
)
_POINTING = _words("this these those such")
_COMPARING = _words("other another else former latter")
_RELATIVE = _words("who which")
_SUBJECTS = _words("it he she they")
_CHOOSING = _words("which the that this other first second last")
_PREPOSITIONS = _words("of for than to in on at by from with")
_ALSO_PREPOSITIONS = _words("after before since until as than but")
_DETERMINERS = _words("the a an which")
_COMPARED_WITH = _words("of for than to")
_BE = _words("is are was were be been")
_EMPTY_IT = re.compile(
    r"\b(?:(?:does|did|do|would|will|can) it (?:mean|take|cost|matter)\b.*\b(?:to|for|that|if|when)"
    r"|(?:is|was|will) it (?:possible|true|likely|necessary|allowed|important))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what was answered; the answer may be empty."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word with its span, and whether it may be part of a name."""

    text: str
    start: int
    end: int
    is_name: bool
    after_comma: bool

    @property
    def low(self) -> str:
        return self.text.lower()

    @property
    def is_content(self) -> bool:
        return self.low not in _FUNCTION_WORDS


def standalone_question(question: str, turns: Sequence[Turn]) -> str:
    """Return the question, or, for a follow-up, a standalone version of it.

    ``turns`` are the previous ones, oldest first; each may itself be a follow-up.
    """
    before, answer = "", ""
    for turn in turns:
        before, answer = _resolved(turn.question, before, answer), turn.answer
    return _resolved(question, before, answer)


def _resolved(question: str, before: str, answer: str) -> str:
    if not before or not is_follow_up(question):
        return question
    rest = _OPENING.sub("", question).strip(" ?!.") or question
    if _is_fragment(rest):
        return _filled_in(before[:LONGEST_CARRIED], rest)
    carried = _without_years(before) if _YEAR.search(question) else before
    names = _names_of(answer, question + " " + before) if _pronouns(_tokens(question)) else []
    return " ".join([question, carried[:LONGEST_CARRIED], *names])


def is_follow_up(question: str) -> bool:
    """Return whether a question depends on the previous one."""
    tokens = _tokens(question)
    content = [each for each in tokens if each.is_content]
    if not tokens or len(content) > MANY_WORDS:
        return False
    opening = _OPENING.match(question)
    if opening and (len(content) <= FEW_WORDS or "about" in opening[0].lower()):
        return True
    if not content or (_is_fragment(question) and len(content) <= 2):
        return True
    if _pronouns(tokens) and not _EMPTY_IT.search(question):
        return True
    return _lacks_a_topic(tokens, content)


def _lacks_a_topic(tokens: Sequence[_Token], content: Sequence[_Token]) -> bool:
    """Whether a question compares with something else, or names only "the" thing."""
    if any(each.is_name for each in tokens) or _YEAR.search(" ".join(each.text for each in tokens)):
        return False
    for at, each in enumerate(tokens):
        if each.low in _COMPARING:
            # "Another word for the sea" states what it compares with.
            return not any(later.low in _COMPARED_WITH for later in tokens[at + 1 :])
    return len(content) <= 2 and any(each.low == "the" for each in tokens)


def _is_fragment(text: str) -> bool:
    """Whether a text is a fragment: short, without a question word or verb."""
    tokens = _tokens(text)
    asks = any(each.low in _ASKING | _AUXILIARIES for each in tokens)
    return not asks and sum(each.is_content for each in tokens) <= FEW_WORDS


def _pronouns(tokens: Sequence[_Token]) -> list[_Token]:
    """Return the pronouns that have no antecedent in the question."""
    return [each for at, each in enumerate(tokens) if _is_open(tokens, at)]


def _is_open(tokens: Sequence[_Token], at: int) -> bool:
    word = tokens[at].low
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if word in _PERSONAL:
        return not _is_explained(tokens, at)
    if word in _POINTING:
        explained = _is_explained(tokens, at) or (after is not None and after.low == "as")
        return not explained and not any(each.low in _RELATIVE for each in tokens[at:])
    if word == "that":
        # After a content word it opens a clause: "the law that ...", "believed that ...".
        return after is None or before is None or not before.is_content
    if word == "there":
        return not any(each is not None and each.low in _BE for each in (before, after))
    return word == "ones" or (word == "one" and before is not None and before.low in _CHOOSING)


def _is_explained(tokens: Sequence[_Token], at: int) -> bool:
    """Whether an earlier word of the question may be the antecedent of a pronoun.

    The antecedent is not in the pronoun's own clause ("did Tesla meet him?"), unless it is a
    possessive ("did Tesla sell his patents?").
    """
    if tokens[at].low in _POSSESSIVE:
        # Not "the name of its founder"; "how strong were its winds" has no antecedent either.
        near = at > 2 and tokens[at - 3].low == "the" and tokens[at - 1].low in _PREPOSITIONS
        earlier = tokens[: at - 3 if near else at]
        return any(each.is_name or each.low in _DETERMINERS for each in earlier)
    borders = [place for place in range(1, at + 1) if _opens_a_clause(tokens, place)]
    earlier = tokens[: borders[-1]] if borders else ()
    return any(each.is_content and not each.text.isdigit() for each in earlier)


def _opens_a_clause(tokens: Sequence[_Token], at: int) -> bool:
    token = tokens[at]
    if token.low in _CLAUSE_BORDERS:
        # "After it ended" is a clause, "named after it" is not.
        pronoun, verb = (*tokens[at + 1 : at + 3], None, None)[:2]
        governs = pronoun is not None and pronoun.low in _PERSONAL
        return not (governs and token.low in _ALSO_PREPOSITIONS and not _is_verb_like(verb))
    if token.after_comma:
        # "When it rains, ..." is a clause, "In 2021, ..." is not.
        return tokens[0].low in _CLAUSE_BORDERS
    # "Toyota said it would", "the measure they use": the subject of an unmarked clause.
    if token.low not in _SUBJECTS or not tokens[at - 1].is_content or at + 1 == len(tokens):
        return False
    return tokens[at + 1].low in _AUXILIARIES or (token.low != "it" and tokens[at + 1].is_content)


def _is_verb_like(token: _Token | None) -> bool:
    return token is not None and (token.is_content or token.low in _AUXILIARIES)


def _filled_in(before: str, fragment: str) -> str:
    """Return the previous question with the fragment in place of elements of the same kind."""
    filled, left = before, fragment
    years, old_years = _YEAR.findall(fragment), _YEAR.findall(before)
    if len(years) == 1 and len(old_years) == 1:
        filled, left = filled.replace(old_years[0], years[0]), left.replace(years[0], "")
    elif years:
        filled = _without_years(filled)
    names, old_names = _names(fragment, inside=True), _names(before)
    if len(names) == 1 and len(old_names) == 1:
        filled, left = filled.replace(old_names[0], names[0]), left.replace(names[0], "")
    remains = any(each.is_content for each in _tokens(left))
    return f"{filled} {left.strip()}" if remains else filled


def _without_years(text: str) -> str:
    return " ".join(_YEAR.sub("", text).split())


def _names_of(answer: str, known: str) -> list[str]:
    """Return the first names of an answer that the questions do not contain."""
    first = " ".join(_SENTENCE.split(answer.strip())[:2])[:LONGEST_CARRIED]
    new = [name for name in _names(first) if name.lower() not in known.lower()]
    return new[:ANSWER_NAMES]


def _names(text: str, *, inside: bool = False) -> list[str]:
    """Return the names of a text: capitalised words, adjacent ones joined.

    ``inside`` says that the text begins in the middle of a sentence.
    """
    found: list[list[_Token]] = []
    for token in _tokens(text, inside=inside):
        if not token.is_name:
            continue
        gap = text[found[-1][-1].end : token.start] if found else None
        if gap is not None and re.fullmatch(r"\s+(?:(?:of|de|von|van)\s+)?", gap):
            found[-1].append(token)
        else:
            found.append([token])
    return [text[each[0].start : each[-1].end] for each in found]


def _tokens(text: str, *, inside: bool = False) -> list[_Token]:
    found: list[_Token] = []
    for match in word_matches(text, WordForm.COMPOUND):
        word = match[0]
        begins = not inside and (not found or text[: match.start()].rstrip()[-1:] in ".!?:")
        capital = word[0].isupper() or any(each.isupper() for each in word[1:])
        # The first word of a sentence is always capitalised: later occurrences are better evidence.
        named = any(each.isupper() for each in word[1:]) if begins else capital
        known = word.lower() in _FUNCTION_WORDS
        comma = text[: match.start()].rstrip()[-1:] in (",", ";")
        found.append(_Token(word, match.start(), match.end(), named and not known, comma))
    return found
