"""The identity under which an agent works on one question: minted for it, verified each time, soon over."""

import time
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
    _pair: "tuple[Issuer, Verifier] | None" = field(default=None, init=False)

    @property
    def pair(self) -> "tuple[Issuer, Verifier]":
        """The issuer, and the verifier that takes its tokens."""
        if self._pair is None:
            from gnomon.identity.keyring import KeyRing
            from gnomon.identity.workload import Issuer, Verifier

            ring = KeyRing(self.folder, time.time)
            self._pair = (
                Issuer(ring, self.trust_domain, time.time),
                Verifier(ring, self.trust_domain, time.time),
            )
        return self._pair


@dataclass
class RunIdentity:
    """One question's run. A run that outlives its token gets another while the question is worked on."""

    workloads: Workloads
    question: Question
    _token: str = field(default="", init=False, repr=False)
    _renew_at: float = field(default=0.0, init=False)

    def principal(self) -> Principal:
        """The person, with the agent as actor and no more scopes than both have; proven by the token.

        Raises:
            Refused: The token does not hold, or the person may do nothing that the run needs.
        """
        issuer, verifier = self.workloads.pair
        if time.time() >= self._renew_at:
            self._token = issuer.mint(
                self.question.principal,
                agent=AGENT,
                run_id=self.question.id,
                purpose="answer a question",
                effects=NEEDS,
                audience=AUDIENCE,
            )
            self._renew_at = time.time() + issuer.life_s - _RENEW_S
        return verifier.verify(self._token, audience=AUDIENCE).principal
