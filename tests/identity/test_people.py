"""The people file, right and wrong, and the user of this machine."""

import os
import pwd
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.identity.local import local_login, os_user
from gnomon.identity.people import load_people
from identity.refusing import rule_of

ANA = 'subject = "ana"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "people.toml"
    path.write_text(text)
    return path


@pytest.mark.requirement("identity:people")
def test_a_person_is_found_by_each_account(people_path: Path) -> None:
    people = load_people(people_path)
    ana = people.get("acme", "ana@acme.test")
    assert ana is not None
    assert (
        ana == people.by_local_user("ana") == people.by_slack("T0ACME", "U0ANA") == people.by_oidc("ana-0001")
    )
    assert ana.where == f"{people_path}:2"
    assert people.postgres_role(ana.principal("slack")) == "analyst"


@pytest.mark.requirement("identity:people")
def test_who_is_not_there_is_nobody(people_path: Path) -> None:
    people = load_people(people_path)
    assert people.by_local_user("") is None
    assert people.by_slack("", "") is None
    assert people.by_slack("T0ACME", "U0BOB") is None
    assert people.by_oidc("") is None
    assert people.get("local", "ana@acme.test") is None
    assert people.postgres_role(Principal("eve")) == ""


@pytest.mark.requirement("identity:people")
def test_an_empty_file_knows_nobody(tmp_path: Path) -> None:
    assert load_people(written(tmp_path, "")).people == ()


WRONG = {
    "[[people]]\n" + ANA + 'gruops = ["a"]\n': ("gruops", 3, "did you mean `groups`?"),
    "[[people]]\n" + ANA + 'zzz = "a"\n': ("zzz", 3, "known here: subject"),
    "[[peple]]\n" + ANA: ("peple", 1, "did you mean `people`?"),
    "people = 7\n": ("not a list", 1, "two brackets"),
    "[people]\n" + ANA: ("not a list", 1, "two brackets"),
    "people = [7]\n": ("not a table", 1, "[[people]]"),
    '[[people]]\ngroups = ["a"]\n': ("no `subject`", 1, "subject ="),
    "[[people]]\nsubject = 7\n": ("not readable text", 2, "subject ="),
    '[[people]]\nsubject = ""\n': ("not readable text", 2, "subject ="),
    '[[people]]\nsubject = " ana"\n': ("not readable text", 2, "subject ="),
    '[[people]]\nsubject = "a\\u001bb"\n': ("not readable text", 2, "subject ="),
    "[[people]]\n" + ANA + 'groups = "a"\n': ("not a list of names", 3, "groups ="),
    "[[people]]\n" + ANA + "groups = [1]\n": ("not a list of names", 3, "groups ="),
    "[[people]]\n" + ANA + "claims = { level = 3 }\n": ("more than texts", 3, "claims ="),
    "[[people]]\n" + ANA + 'slack = "U0ANA"\n': ("team and a user", 3, "T0AAAA/U0BBBB"),
    "[[people]]\n" + ANA + 'slack = "t0acme/u0ana"\n': ("team and a user", 3, "T0AAAA/U0BBBB"),
    "[[people]]\n" + ANA + "\n[[people]]\n" + ANA: ("stands twice", 5, "people.toml:1"),
}
for account, value in [("local_user", "ana"), ("slack", "T0ACME/U0ANA"), ("oidc_subject", "x-1")]:
    line = f'{account} = "{value}"\n'
    WRONG["[[people]]\n" + ANA + line + '# two\n[[people]]\nsubject = "eve"\n' + line] = (
        f'{account} = "{value}" stands twice',
        7,
        "ana at ",
    )


@pytest.mark.requirement("identity:people")
@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str) -> None:
    said, line, hint = WRONG[text]
    path = written(tmp_path, text)
    with pytest.raises(Misconfigured) as error:
        load_people(path)
    assert said in error.value.message
    assert dict(error.value.facts)["where"] == f"{path}:{line}"
    assert hint in error.value.hint


@pytest.mark.requirement("identity:people")
def test_one_subject_may_stand_in_two_tenants(tmp_path: Path) -> None:
    text = '[[people]]\nsubject = "ana"\ntenant = "a"\n[[people]]\nsubject = "ana"\ntenant = "b"\n'
    people = load_people(written(tmp_path, text))
    assert [p.tenant for p in people.people] == ["a", "b"]


@pytest.mark.requirement("identity:people")
@pytest.mark.parametrize("content", [b"[[people]\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.toml"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"people\.toml"):
        load_people(path)


@pytest.mark.requirement("identity:people")
def test_a_missing_file_lets_nobody_in(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read") as error:
        load_people(tmp_path / "people.toml")
    assert "nobody is let in" in error.value.hint


@pytest.mark.requirement("identity:people")
def test_a_file_that_everybody_may_write_is_refused(people_path: Path) -> None:
    people_path.chmod(0o666)
    with pytest.raises(Misconfigured, match="everybody on this machine may write") as error:
        load_people(people_path)
    assert error.value.hint.endswith(f"chmod o-w {people_path}")


@pytest.mark.requirement("identity:local")
def test_a_mapped_user_is_the_person(people_path: Path) -> None:
    login = local_login(load_people(people_path), "ana")
    assert login.principal == Principal(
        "ana@acme.test", "acme", frozenset({"finance", "analysts"}), (("region", "EU"),), "local"
    )
    assert str(people_path) in login.because


@pytest.mark.requirement("identity:local")
def test_an_unmapped_user_is_only_themselves(people_path: Path) -> None:
    """The settings' groups count for nothing once there is a people file."""
    login = local_login(load_people(people_path), "eve", groups=frozenset({"admins"}))
    assert login.principal == Principal("eve")


@pytest.mark.requirement("identity:local")
def test_nobody_becomes_a_person_by_being_called_like_them(tmp_path: Path) -> None:
    people = load_people(written(tmp_path, "[[people]]\n" + ANA + 'local_user = "ana.s"\n'))
    assert rule_of(lambda: local_login(people, "ana")) == "identity:local"
    assert local_login(people, "ana.s").principal.subject == "ana"


@pytest.mark.requirement("identity:local")
def test_the_settings_name_the_person_only_where_there_is_no_people_file(people_path: Path) -> None:
    groups = frozenset({"staff"})
    alone = local_login(None, "eve", subject="ana@acme.test", tenant="acme", groups=groups)
    assert alone.principal == Principal("ana@acme.test", "acme", groups)
    people = load_people(people_path)
    assert rule_of(lambda: local_login(people, "eve", subject="ana@acme.test")) == "identity:local"
    assert local_login(people, "ana", subject="ana@acme.test").principal.tenant == "acme"


@pytest.mark.requirement("identity:local")
def test_the_user_comes_from_the_system_and_not_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "chair")
    assert os_user() == pwd.getpwuid(os.getuid()).pw_name
