"""One person's authority while a question is worked on: what may be read, which tools may be called.

Policies are asked for anew each time, so that a change counts at once, and a policy that cannot be read any
more allows nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gnomon.domain.answer import Question
from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.access import Access
from gnomon.policy.policies import Policies, Resource, Situation, owner_only
from gnomon.policy.rules.cedar import Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision that was made, for the record."""

    action: str
    resource: str
    allowed: bool
    policies: tuple[str, ...]

    def as_detail(self) -> Mapping[str, str]:
        """The ruling as an audit record's details."""
        verdict = "allowed" if self.allowed else "refused"
        return {
            "action": self.action,
            "resource": self.resource,
            "verdict": verdict,
            "policies": ", ".join(self.policies) or "none",
        }


@dataclass(slots=True)
class Authority:
    """Answers for one person, one purpose and one audience.

    Args:
        who: The person, or the agent that acts for them, proven anew; raises Refused where the proof ended.
        policies: The policies in force now; raises Misconfigured where they cannot be taken.
        secret: Keys the `hash` mask.
        role: The role to take in an engine that has roles.
    """

    who: Callable[[], Principal]
    situation: Situation
    policies: Callable[[], Policies]
    secret: str = ""
    role: str = ""
    _access: tuple[str, Principal, Catalog, Access] | None = field(default=None, init=False, repr=False)

    def access(self, catalog: Catalog, dialect: Dialect) -> Access:
        """What the person sees of a warehouse now.

        Raises:
            Misconfigured: The policies cannot be taken, or name what is not there.
            Refused: The credential is not for reading.
        """
        who, policies, kept = self._scoped("read"), self.policies(), self._access
        if kept is None or kept[:2] != (policies.version, who) or kept[2] is not catalog:
            access = policies.access(
                who, catalog, dialect, self.situation, secret=self.secret, role=self.role
            )
            kept = self._access = (policies.version, who, catalog, access)
        return kept[3]

    def tool(self, name: str, effect: str) -> Ruling:
        """Whether the agent may call a tool of that effect for the person. Silence is a no."""
        resource = Resource(("Tool", name), attributes=(("effect", effect),))
        ruling = self._ruling("use", resource)
        scopes = self.who().scopes
        if ruling.allowed and scopes is not None and effect not in scopes:
            return Ruling("use", ruling.resource, False, ("credential-scope",))
        return ruling

    def document(self, identifier: str, tags: tuple[str, ...] = ()) -> Ruling:
        """Whether a document of the knowledge base may be read."""
        under = frozenset(("Tag", tag) for tag in tags)
        return self._ruling("read", Resource(("Document", identifier), under))

    def memory(self, identifier: str, scope: str) -> Ruling:
        """Whether a memory of that scope may be used."""
        return self._ruling("read", Resource(("Memory", identifier), attributes=(("scope", scope),)))

    def workflow(self, name: str) -> Ruling:
        """Whether a workflow may be run."""
        return self._ruling("run", Resource(("Workflow", name)))

    def _ruling(self, action: str, resource: Resource) -> Ruling:
        verdict: Verdict = self.policies().decide(self.who(), (action,), resource, self.situation)[0]
        named = f"{resource.uid[0]}::{resource.uid[1]}"
        return Ruling(action, named, verdict.allowed, tuple(rule.id for rule in verdict.rules))

    def _scoped(self, scope: str) -> Principal:
        who = self.who()
        scopes = who.scopes
        if scopes is not None and scope not in scopes:
            raise Refused(
                f"this credential is not for `{scope}`",
                rule="identity:scope",
                facts=(("scopes", ", ".join(sorted(scopes)) or "none"),),
                hint=f"use a credential with the scope `{scope}`",
            )
        return who


def refused_tool(ruling: Ruling, name: str, effect: str) -> Refused:
    """The refusal of a tool call."""
    by = ruling.policies[0] if ruling.policies else "deny-by-default"
    return Refused(
        f"the tool `{name}` may not be used here: it can {effect}",
        rule=f"policy:{by}",
        hint="take another way; a person grants tools in a policy",
    )


def owners_authority(question: Question) -> Authority:
    """The authority where there are no policies: the person of this machine reads all, others nothing."""
    policies = owner_only(question.principal.tenant)
    situation = Situation(question.purpose, question.audience)
    return Authority(lambda: question.principal, situation, lambda: policies)
