"""Personal data in an answer: named always, masked where others read along."""

from dataclasses import replace

from gnomon.domain.answer import Answer, PersonalData
from gnomon.policy.personal import find_personal, mask_answer

SHARED_NOTICE = "Personal data is masked here, because others read along."


def with_personal(answer: Answer, *, mask: bool) -> Answer:
    """The answer with the personal data of its result named, and masked if it is shared.

    Args:
        mask: Whether shared answers are masked at all.
    """
    found = find_personal(answer.result) if answer.result is not None else ()
    named = replace(answer, personal=tuple(PersonalData(f.column, f.kind, f.cells) for f in found))
    if answer.question.audience != "shared" or not mask:
        return named
    masked = mask_answer(named)
    return replace(masked, notices=(*masked.notices, SHARED_NOTICE)) if found or masked != named else named
