"""Settings: where values come from, what is refused, what is never printed."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Limits
from gnomon.identity.local import os_user
from gnomon.models.calibration import UNCALIBRATED
from gnomon.models.connect import calibration_of
from gnomon.settings import Settings, options, redact, variable_of
from gnomon.wiring import principal_of

pytestmark = pytest.mark.requirement("settings:one-place")


def write(folder: Path, text: str) -> Path:
    path = folder / "gnomon.toml"
    path.write_text(text, encoding="utf-8")
    return path


def failure(folder: Path, text: str, **environ: str) -> Misconfigured:
    write(folder, text)
    with pytest.raises(Misconfigured) as caught:
        Settings.load(folder, environ=environ)
    return caught.value


def test_without_anything_every_option_has_its_default(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, environ={})
    assert settings.model.name == "grounded"
    assert settings.query_limits() == Limits()
    assert settings.model_options() == {"least": settings.answers.min_confidence}


def test_command_line_wins_over_environment_and_that_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[model]\nname = "file"\n[limits]\nmax_rows = 1\nmax_turns = 3\n')
    environ = {"GNOMON_MODEL": "environment", "GNOMON_LIMITS_MAX_ROWS": "2"}
    settings = Settings.load(tmp_path, {"model.name": "option"}, environ)
    assert (settings.model.name, settings.limits.max_rows, settings.limits.max_turns) == ("option", 2, 3)


def test_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    file = write(tmp_path, '[limits]\n\nmax_rows = 1\n[model]\nname = "x"\n')
    settings = Settings.load(tmp_path, {"limits.timeout_s": 5}, {"GNOMON_MODEL": "y"})
    assert settings.sources == {
        "limits.max_rows": f"{file}:3",
        "model.name": "environment variable GNOMON_MODEL",
        "limits.timeout_s": "command line",
    }


def test_an_override_of_none_counts_as_not_given(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, {"model.name": None}, {}).model.name == "grounded"


def test_the_nearest_file_above_the_working_directory_is_read(tmp_path: Path) -> None:
    write(tmp_path, "[limits]\nmax_rows = 7\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert Settings.load(inner, environ={}).limits.max_rows == 7


def test_a_relative_warehouse_in_the_file_starts_at_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[warehouse]\nurl = "data/shop.db"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    assert Settings.load(inner, environ={}).warehouse_url() == str(tmp_path / "data/shop.db")


def test_a_relative_warehouse_of_the_command_line_starts_at_the_working_directory(tmp_path: Path) -> None:
    write(tmp_path, '[warehouse]\nurl = "data/shop.db"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    settings = Settings.load(inner, {"warehouse.url": "x.db"}, {})
    assert settings.warehouse_url() == str(inner / "x.db")


def test_a_missing_warehouse_lists_where_it_was_looked_for(tmp_path: Path) -> None:
    file = write(tmp_path, "[warehouse]\n")
    with pytest.raises(Misconfigured) as caught:
        Settings.load(tmp_path, environ={}).warehouse_url()
    assert dict(caught.value.facts) == {
        "option": "--warehouse: not given",
        "environment": "GNOMON_WAREHOUSE: not set",
        "file": f"{file}: no `url` under [warehouse]",
    }
    assert "gnomon init" in caught.value.hint


def test_an_unknown_key_is_refused_with_its_line_and_the_near_one(tmp_path: Path) -> None:
    error = failure(tmp_path, "[model]\n[limits]\n# rows\nmax_row = 5\n")
    assert error.message == "`max_row` is not a setting in [limits]"
    assert error.facts == (("where", f"{tmp_path / 'gnomon.toml'}:4"),)
    assert error.hint == "did you mean `max_rows`?"


def test_an_unknown_section_is_refused_with_its_line_and_the_near_one(tmp_path: Path) -> None:
    error = failure(tmp_path, "[model]\n\n[limit]\nmax_rows = 5\n")
    assert (error.message, error.hint) == ("`limit` is not a section", "did you mean `limits`?")
    assert error.facts[0][1].endswith("gnomon.toml:3")


def test_a_key_outside_of_sections_is_refused(tmp_path: Path) -> None:
    error = failure(tmp_path, 'model = "grounded"\n')
    assert "`model` is not a section" in error.message


def test_a_key_like_nothing_known_lists_the_known_ones(tmp_path: Path) -> None:
    assert failure(tmp_path, "[state]\nqqqq = 1\n").hint == "known here: dir"


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[limits]\nmax_rows = 0\n", "limits.max_rows", "it is below 1"),
        ('[limits]\nmax_rows = "many"\n', "limits.max_rows", "it is not a whole number"),
        ("[limits]\ntimeout_s = 0\n", "limits.timeout_s", "it is not above 0"),
        ("[answers]\nmin_confidence = 1.5\n", "answers.min_confidence", "it is above 1"),
        ('[answers]\ntimezone = "Europe/Atlantis"\n', "answers.timezone", "no time zone is named"),
        ('[principal]\ngroups = "finance"\n', "principal.groups", "it is not a list"),
    ],
)
def test_a_wrong_value_names_its_key_its_line_and_the_reason(
    tmp_path: Path, text: str, key: str, reason: str
) -> None:
    error = failure(tmp_path, text)
    facts = dict(error.facts)
    assert key in error.message
    assert facts["where"].endswith("gnomon.toml:2")
    assert reason in facts["reason"]


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    error = failure(tmp_path, "[limits\n")
    assert "is not valid TOML" in error.message
    assert "line 1" in dict(error.facts)["reason"]


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    write(tmp_path, '[warehouse]\nurl = "postgresql://ana:${SHOP_PASSWORD}@db/shop"\n')
    settings = Settings.load(tmp_path, environ={"SHOP_PASSWORD": "s3cret"})
    assert settings.warehouse_url() == "postgresql://ana:s3cret@db/shop"
    assert "s3cret" not in repr(settings)


def test_a_secret_that_is_not_set_is_named_with_its_line(tmp_path: Path) -> None:
    error = failure(tmp_path, '[warehouse]\nurl = "postgresql://ana:${SHOP_PASSWORD}@db/shop"\n')
    assert "${SHOP_PASSWORD}" in error.message
    assert error.facts[0][1].endswith("gnomon.toml:2")


def test_a_wrong_url_is_not_quoted_in_the_error(tmp_path: Path) -> None:
    error = failure(tmp_path, '[warehouse]\nurl = ["postgresql://ana:s3cret@db/shop"]\n')
    assert "s3cret" not in error.message + str(error.facts) + error.hint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ana:s3cret@db/shop", "postgresql://ana:***@db/shop"),
        ("postgresql://ana:p@ss@db/shop", "postgresql://ana:***@db/shop"),
        ("postgresql://db/shop?password=s3cret&x=1", "postgresql://db/shop?password=***&x=1"),
        ("postgresql://db:5432/shop", "postgresql://db:5432/shop"),
        ("/data/shop.duckdb", "/data/shop.duckdb"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redact(url) == shown


def test_state_lies_beside_the_settings_file(tmp_path: Path) -> None:
    write(tmp_path, "")
    assert Settings.load(tmp_path, environ={}).state_dir == tmp_path / ".gnomon"


def test_without_a_settings_file_state_lies_in_gnomon_home(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, environ={"GNOMON_HOME": str(tmp_path / "home")})
    assert settings.index_path("w1") == tmp_path / "home" / "index" / "w1.db"


def test_without_gnomon_home_state_lies_in_the_persons_home(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, environ={}).state_dir == Path.home() / ".gnomon"


def test_a_state_folder_in_the_file_starts_at_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[state]\ndir = "kept"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    assert Settings.load(inner, environ={}).state_dir == tmp_path / "kept"


def test_the_principal_is_the_user_of_the_system_unless_named(tmp_path: Path) -> None:
    state = {"GNOMON_STATE_DIR": str(tmp_path / "state")}
    assert principal_of(Settings.load(tmp_path, environ=state)).subject == os_user()
    write(tmp_path, '[principal]\nsubject = "ana@acme.test"\ntenant = "acme"\ngroups = ["finance"]\n')
    principal = principal_of(Settings.load(tmp_path, environ=state))
    assert (principal.subject, principal.tenant, principal.groups) == (
        "ana@acme.test",
        "acme",
        frozenset({"finance"}),
    )


@pytest.mark.requirement("identity:local")
def test_with_policies_the_settings_name_nobody(tmp_path: Path) -> None:
    """Whoever may write the settings or set a variable does not become somebody else by it."""
    write(tmp_path, '[principal]\nsubject = "chair@acme.test"\ngroups = ["board"]\n')
    (tmp_path / "policies").mkdir()
    environ = {"GNOMON_STATE_DIR": str(tmp_path / "state"), "GNOMON_PRINCIPAL_GROUPS": "board"}
    principal = principal_of(Settings.load(tmp_path, environ=environ))
    assert (principal.subject, principal.groups) == (os_user(), frozenset())


@pytest.mark.requirement("policy:fail-closed")
def test_a_policy_folder_that_was_asked_for_and_is_not_there_allows_nothing(tmp_path: Path) -> None:
    assert Settings.load(tmp_path, environ={}).policy_dir is None
    write(tmp_path, '[policy]\ndir = "rules"\n')
    with pytest.raises(Misconfigured, match="nothing is allowed"):
        _ = Settings.load(tmp_path, environ={}).policy_dir


def test_groups_in_the_environment_are_divided_by_commas(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, environ={"GNOMON_PRINCIPAL_GROUPS": "finance, sales,"})
    assert settings.principal_section.groups == ("finance", "sales")


def test_the_clock_is_aware_and_in_the_configured_zone(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, {"answers.timezone": "Asia/Tokyo"}, {})
    assert settings.now().tzinfo == ZoneInfo("Asia/Tokyo")
    assert Settings.load(tmp_path, environ={}).now().tzinfo is not None


def test_every_option_has_help_a_type_and_a_variable_of_its_own() -> None:
    every = list(options())
    assert all(option.help.endswith(".") and option.type_name for option in every)
    assert len({option.variable for option in every}) == len(every)
    assert variable_of("warehouse.url") == "GNOMON_WAREHOUSE"


def test_an_unknown_override_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="max_rowz"):
        Settings.load(tmp_path, {"limits.max_rowz": 1}, {})


@pytest.mark.requirement("grounded:calibrated-confidence")
def test_grounded_answers_from_the_confidence_at_which_it_was_calibrated() -> None:
    answers = Settings.load(environ={}, overrides={"warehouse.url": "shop.duckdb"}).answers
    assert answers.min_confidence == calibration_of("grounded").answered_from
    assert answers.min_confidence_hosted == UNCALIBRATED.answered_from
