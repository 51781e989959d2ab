"""One person's authority: tools by effect, scopes that narrow, policies that count at once."""

import pytest

from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import Misconfigured, Refused
from gnomon.domain.identity import Principal
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Policies, Situation, parse_policies

pytestmark = pytest.mark.requirement("policy:tools")

EMPTY = Catalog(())
TOOLS = """
@id("tools") permit (principal, action == Action::"use", resource)
when { ["read", "compute", "ask"].contains(resource.effect) };
@id("no-python") forbid (principal, action == Action::"use", resource == Tool::"run_python")
unless { principal in Group::"analysts" };
@id("handbook") permit (principal in Group::"staff", action == Action::"read", resource in Tag::"handbook");
@id("own-memories") permit (principal, action == Action::"read", resource is Memory)
when { resource.scope == "user" };
@id("weekly") permit (principal in Group::"staff", action == Action::"run", resource == Workflow::"weekly");
"""
TAGS = '[columns]\nhandbook = ["*.handbook"]\n'


def policies(text: str = TOOLS) -> Policies:
    return parse_policies([("p.cedar", text), ("tags.toml", TAGS)], home="local")


def authority(principal: Principal, text: str = TOOLS) -> Authority:
    made = policies(text)
    return Authority(lambda: principal, Situation(), lambda: made)


ANA = Principal("ana@acme.test", groups=frozenset({"staff"}))


@pytest.mark.parametrize(
    ("tool", "effect", "allowed", "by"),
    [
        ("run_sql", "read", True, ("tools",)),
        ("make_chart", "compute", True, ("tools",)),
        ("keep_result", "write", False, ()),
        ("propose_memory", "remember", False, ()),
        ("run_python", "compute", False, ("no-python",)),
        ("run_sql", "write", False, ()),
    ],
)
def test_a_tool_is_granted_by_its_effect_and_silence_is_a_no(
    tool: str, effect: str, allowed: bool, by: tuple[str, ...]
) -> None:
    ruling = authority(ANA).tool(tool, effect)
    assert (ruling.allowed, ruling.policies) == (allowed, by)


def test_a_scope_narrows_what_the_policies_grant_and_never_widens_it() -> None:
    asking = Principal("ana@acme.test", scopes=frozenset({"read", "write"}))
    assert authority(asking).tool("run_sql", "read").allowed
    assert authority(asking).tool("make_chart", "compute").policies == ("credential-scope",)
    assert not authority(asking).tool("keep_result", "write").allowed


def test_a_credential_that_is_not_for_reading_sees_no_table() -> None:
    with pytest.raises(Refused) as refused:
        authority(Principal("bot", scopes=frozenset({"admin"}))).access(EMPTY, "duckdb")
    assert refused.value.rule == "identity:scope"


def test_documents_memories_and_workflows_are_granted_one_by_one() -> None:
    staff, guest = authority(ANA), authority(Principal("guest"))
    assert [a.document("d1", ("handbook",)).allowed for a in (staff, guest)] == [True, False]
    assert not staff.document("d2").allowed
    assert [staff.memory("m", scope).allowed for scope in ("user", "channel", "global")] == [
        True,
        False,
        False,
    ]
    assert [a.workflow("weekly").allowed for a in (staff, guest)] == [True, False]
    assert not staff.workflow("monthly").allowed


def test_a_change_of_the_policies_counts_at_once() -> None:
    now = [policies()]
    changing = Authority(lambda: ANA, Situation(), lambda: now[0])
    first = changing.access(EMPTY, "duckdb")
    assert changing.access(EMPTY, "duckdb") is first
    now[0] = policies('@id("stop") forbid (principal, action, resource);')
    assert changing.access(EMPTY, "duckdb") is not first
    assert changing.tool("run_sql", "read").policies == ("stop",)


def test_policies_that_cannot_be_taken_grant_nothing() -> None:
    def gone() -> Policies:
        raise Misconfigured("the policy file is gone, so nothing is allowed")

    broken = Authority(lambda: ANA, Situation(), gone)
    with pytest.raises(Misconfigured):
        broken.tool("run_sql", "read")
    with pytest.raises(Misconfigured):
        broken.access(EMPTY, "duckdb")


def test_the_person_is_proven_anew_for_each_act() -> None:
    left = [1]

    def who() -> Principal:
        if not left.pop():
            raise AssertionError
        return ANA

    once = Authority(who, Situation(), policies)
    assert once.document("d1", ("handbook",)).allowed
    with pytest.raises(IndexError):
        once.document("d1", ("handbook",))
