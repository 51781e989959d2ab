"""The identity under which an agent works on one question: minted for it, verified each time, soon over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.domain.answer import Question
from gnomon.domain.identity import Principal

if TYPE_CHECKING:
    from gnomon.identity.workload import Issuer, Verifier

AGENT = "data-agent"
AUDIENCE = "gnomon-policy"
"""The one border that takes these tokens: where policies are asked."""

NEEDS = frozenset({"read", "compute", "ask", "remember", "write"})
"""Effects of the tools that an agent has; a token holds those of them that the person may."""

_RENEW_S = 30.0


@dataclass
class Workloads:
    """Mints and verifies the tokens of this installation; keys are made on first use."""

    folder: Path
    trust_domain: str
    clock: Callable[[], float] = time.time
    _pair: "tuple[Issuer, Verifier] | None" = field(default=None, init=False)

    @property
    def pair(self) -> "tuple[Issuer, Verifier]":
        """The issuer, and the verifier that takes its tokens."""
        if self._pair is None:
            from gnomon.identity.keyring import KeyRing
            from gnomon.identity.workload import Issuer, Verifier

            ring = KeyRing(self.folder, self.clock)
            self._pair = (
                Issuer(ring, self.trust_domain, self.clock),
                Verifier(ring, self.trust_domain, self.clock),
            )
        return self._pair


@dataclass
class RunIdentity:
    """One question's run. A run that outlives its token gets another while the question is worked on."""

    workloads: Workloads
    question: Question
    _token: str = field(default="", init=False, repr=False)
    _good: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def principal(self) -> Principal:
        """The person, with the agent as actor and no more scopes than both have; proven by the token.

        Raises:
            Refused: The token does not hold, or the person may do nothing that the run needs.
        """
        issuer, verifier = self.workloads.pair
        now = self.workloads.clock()
        # A clock that was set back makes a token of the future; the run goes on with another one.
        if not self._good[0] <= now < self._good[1]:
            self._token = issuer.mint(
                self.question.principal,
                agent=AGENT,
                run_id=self.question.id,
                purpose="answer a question",
                effects=NEEDS,
                audience=AUDIENCE,
            )
            self._good = (now, now + issuer.life_s - _RENEW_S)
        return verifier.verify(self._token, audience=AUDIENCE).principal
