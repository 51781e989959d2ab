"""The phrases that ask about the row that a row refers to, as patterns over the signs of a question.

`employees whose manager is Ada Moss` is `T whose R is V` (the signs: `kin_words.Mark`). A pattern runs to
the end of the question: what stands behind such a phrase may be said of either row, so that nothing may.
What stands before its noun is read like any other question. Groups: `noun` is what the question is about,
`rest` restricts it, the others are what a form takes its particulars from.
"""

import re
from typing import Literal

FormName = Literal[
    "met", "over", "compared_by", "compared_column", "compared_event", "absent", "present", "beside",
    "each", "counts", "ranked", "below_count", "below",
]  # fmt: skip

REL = "(?:(?:who|that|which) )?"
BE = "(?:(?:is|are|was|were) )?"
HAVING = "(?:with|having|has|have|(?:who|that|which) (?:have|has|had))"
LACKING = (
    "(?:without|lacking|with no|(?:(?:who|that|which) )?(?:(?:have|has) no|lack|lacks|(?:do|does) not have))"
    "(?: (?:a|an|any))?"
)
POSSESSIVE = "(?:their|its|his|her|his or her|her or his)(?: own| direct| immediate)?"
WHO = "(?:the )?(?P<who>(?:[TR] )?V(?: V)?|[TR] #)"
END = "(?: [?.!])*$"
OPENING = (
    "^(?:(?:please|can|could|you|list|show|give|display|find|return|get|tell|me|name|which|what|who|is|are|the"
    "|all|each|every) )*?"
)
BASE = "(?:(?:of |for )?(?:each|every|all) (?:the )?)?(?P<noun>T|^who)(?P<rest>(?: (?:in|from|at|V|@))*)"
BELOW = "(?:direct )?D(?: T)?|direct P"
BELOW_OR_NOUN = f"(?:{BELOW}|P|(?:direct )?T)"
OTHERS = (
    f"(?:(?:that|those|(?:the )?(?P<of>C)) of )?{POSSESSIVE} R(?: ')?(?: (?P<again>C))?"
    "(?: (?:do|does|did|is|was|are|were|has|have))?"
)
THAN = f"than {OTHERS}"
ADJECTIVE = "older|younger|longer|shorter|cheaper|more expensive|heavier|lighter|taller"
DEGREE = "higher|larger|greater|bigger|lower|smaller|more|less|longer|shorter|earlier|later"
EACH = "(?:each|every)"
PER = f"(?:per|by|for {EACH}|of {EACH}|under {EACH})"
MANY = "(?P<most>most|fewest|(?:highest|largest|greatest|lowest|smallest) number of)"
COUNTED = "(?P<than>[a-z][a-z ]*) (?P<number>#)"

_PATTERNS: tuple[tuple[FormName, str], ...] = (
    ("met", f"{BASE} whose (?:direct )?R (?:is|are|was|=|is called|is named) {WHO}"),
    ("met", f"{BASE} with (?:(?:the|a|an) )?R {WHO}"),
    ("met", f"{BASE} with {WHO} as (?:(?:the|a|{POSSESSIVE}) )?R"),
    ("met", f"{BASE} {REL}(?:directly )?P(?: directly)? to {WHO}"),
    ("met", f"{BASE} {REL}{BE}(?:directly )?W by {WHO}"),
    ("met", f"{BASE} (?:does|do|did) {WHO} [AR]"),
    ("met", f"(?:the )?(?P<noun>{BELOW}) of {WHO}"),
    ("met", f"{WHO} (?P<noun>{BELOW})"),
    ("met", f"(?P<noun>{BELOW}|P) (?:does|do|did) {WHO} have"),
    ("met", f"^(?P<noun>who) {BE}(?:directly )?(?:P(?: directly)? to|W by) {WHO}"),
    ("over", f"(?:the )?(?P<noun>R) of {WHO}"),
    ("over", f"{WHO} (?P<noun>R)"),
    ("over", f"^(?P<noun>who|whom) (?:A|W) {WHO}"),
    ("over", f"^(?:to )?(?P<noun>who|whom) (?:does|do|did) {WHO} P(?: to)?"),
    ("compared_by", f"{BASE} {REL}{BE}(?P<adjective>{ADJECTIVE}) {THAN}"),
    (
        "compared_by",
        f"{BASE} {REL}(?P<adjective>(?:earn|earns|earned|earning|{BE}paid) (?:more|less)) {THAN}",
    ),
    ("compared_column", f"{BASE} {HAVING} (?:a |an )?(?P<degree>{DEGREE}) (?P<column>C) {THAN}"),
    ("compared_column", f"{BASE} (?:whose|with|with a) (?P<column>C) {BE}(?P<degree>{DEGREE}) {THAN}"),
    (
        "compared_column",
        f"{BASE} whose (?P<column>C) (?P<degree>exceeds|is above|is below) {OTHERS}",
    ),
    (
        "compared_column",
        f"{BASE} (?:{HAVING}|(?:{REL}(?:(?:work|works|live|lives|are|is) )?in)) (?P<degree>the same) "
        f"(?P<column>C) as {OTHERS}",
    ),
    (
        "compared_column",
        f"{BASE} (?:{HAVING}|(?:{REL}(?:(?:work|works|live|lives|are|is) )?in)) a (?P<degree>different) "
        f"(?P<column>C) (?:from|than) {OTHERS}",
    ),
    (
        "compared_event",
        f"{BASE} {REL}{BE}(?P<event>E) (?P<degree>before|after|earlier than|later than) {OTHERS}",
    ),
    ("absent", f"{BASE} {LACKING} R"),
    ("absent", f"{BASE} {REL}P to (?:nobody|no one)"),
    ("present", f"{BASE} {HAVING} (?:a|an) R"),
    (
        "beside",
        f"{BASE} (?:with|and|along with|together with|and also) {POSSESSIVE} R(?: ')?(?: (?P<column>C))?",
    ),
    ("beside", f"{BASE} and (?P<same>of) {POSSESSIVE} R"),
    ("beside", f"{BASE} (?:with|and) (?:the )?(?P<column>C) of {POSSESSIVE} R"),
    ("beside", f"(?:and|,) (?:the )?R of (?:{EACH} |all )?(?:the )?(?P<noun>T)"),
    ("beside", f"{OPENING}R (?:of|for) {EACH} (?P<noun>T)"),
    ("each", f"{BASE} (?:does|do) {EACH} R (?:have|A)"),
    ("each", f"{BASE} (?:{PER}|{REL}{BE}W by {EACH}|{REL}P to {EACH}) R"),
    ("each", f"(?P<noun>{BELOW}|P) (?:(?:does|do) {EACH} R have|{PER} R)"),
    (
        "counts",
        f"{OPENING}(?P<noun>R) (?:with|and) (?:the |{POSSESSIVE} )?(?:(?:number|count) of (?:{POSSESSIVE} )?"
        f"{BELOW_OR_NOUN}|how many {BELOW_OR_NOUN} (?:they|each) (?:have|has|A))",
    ),
    (
        "ranked",
        f"{OPENING}(?:top )?(?:(?P<number>#) )?(?P<noun>R) (?:{HAVING}|{REL}A) (?:the )?{MANY} "
        f"{BELOW_OR_NOUN}",
    ),
    ("ranked", f"{OPENING}top (?P<number>#) (?P<noun>R) by (?:the )?(?:number of )?{BELOW_OR_NOUN}"),
    ("ranked", "^(?P<noun>who) [AR] the (?P<most>most) T"),
    ("ranked", f"{OPENING}(?P<noun>T) [AR] the (?P<most>most) {BELOW_OR_NOUN}"),
    ("ranked", f"(?P<noun>T|^who) (?:is|was) (?:the )?R (?:of|for) (?:the )?{MANY} {BELOW_OR_NOUN}"),
    ("ranked", f"{OPENING}(?P<noun>who|T) {HAVING} (?:the )?(?P<most>most) (?:{BELOW})"),
    ("below_count", f"(?P<noun>R) (?:{HAVING}|{REL}A) {COUNTED} {BELOW_OR_NOUN}"),
    ("below_count", f"(?P<noun>T) {HAVING} {COUNTED} (?:{BELOW})"),
    ("below_count", f"(?P<noun>T) (?:who|that|which) A {COUNTED} T"),
    ("below", f"(?P<noun>T) (?P<none>{LACKING}) (?:{BELOW})"),
    ("below", f"(?P<noun>T) {HAVING} (?:{BELOW})"),
)
OTHER_ROW = re.compile(r"\bR\b(?![\]])")
"""The row referred to, where a noun may follow: `parent category`."""

FORMS = tuple(
    (name, re.compile("(?:^|(?<= ))" + OTHER_ROW.sub("R(?: T)?", pattern) + END))
    for name, pattern in _PATTERNS
)
"""Each form with its pattern; of several that fit, the first is meant."""
