"""What `gnomon policy init` writes: a folder that says who sees what, ready to be changed."""

CEDAR = """\
// Who may see what. Nothing is allowed that no permit allows; a forbid wins over every permit.
// `gnomon policy check` looks these files over, `gnomon policy explain --group NAME` shows what they mean.
// Cedar's language: principal, action, resource; docs/policy.md of Gnomon has the entities and annotations.

// Whoever works on this machine as `{user}` reads everything, and uses every tool.
@id("owner")
permit (principal == Person::"{user}", action, resource);

// Everybody who is known may let the agent read, compute and ask back.
@id("agent-tools")
permit (principal, action == Action::"use", resource)
when {{ ["read", "compute", "ask"].contains(resource.effect) }};

// Everybody may be told that a table exists, and whom to ask for it.
@id("discover")
permit (principal, action == Action::"discover", resource);

// Examples, to be taken out of their comments:
//
// @id("analysts-read-all")
// permit (principal in Group::"analysts", action == Action::"read", resource in Schema::"{schema}");
//
// Personal data is shown as fingerprints (tags.toml says what is personal), except to the privacy team.
// @id("mask-personal") @mask("hash") @ask("privacy@company.test")
// forbid (principal, action == Action::"read", resource in Tag::"personal")
// unless {{ principal in Group::"privacy" }};
//
// Sales people see the orders of their own region, which their identity provider says.
// @id("own-region") @rows("region = :region")
// forbid (principal in Group::"sales", action == Action::"read", resource in Table::"orders");
//
// Salaries are read as figures over at least ten people.
// @id("salaries-in-groups") @min_group("10") @unit("employee_id")
// forbid (principal, action == Action::"read", resource in Table::"salaries")
// unless {{ principal in Group::"hr" }};
"""

TAGS = """\
# Which tables and columns carry which tag; policies say what a tag means. `*` stands for any name.

[tables]
# finance = ["ledger.*"]

[columns]
# personal = ["customers.email", "*.phone"]

[implies]
# contact = ["personal"]
"""

PEOPLE = """\
# Who the people are that reach Gnomon by this machine's users, by Slack, or by a token of ours.
# People of an identity provider need no entry: their token says who they are.

[[people]]
subject = "{user}"
local_user = "{user}"
groups = []
"""

TESTS = """\
# What somebody must and must not see; `gnomon policy test` runs these.
"""


def starter(user: str, schema: str) -> dict[str, str]:
    """File names with their texts.

    Args:
        user: Of the operating system; becomes the owner.
        schema: The warehouse's default schema.
    """
    return {
        "access.cedar": CEDAR.format(user=user, schema=schema),
        "tags.toml": TAGS,
        "people.toml": PEOPLE.format(user=user),
        "tests.toml": TESTS,
    }
