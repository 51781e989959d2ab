"""The sections of `gnomon.toml`: each option with its type, its default and what it is for."""

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Section(BaseModel):
    """One section of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WarehouseSection(Section):
    """What is asked."""

    url: str = Field(
        default="",
        repr=False,
        description="A .duckdb or SQLite file, a folder or glob of CSV, Parquet or JSON files, or a "
        "postgresql:// URL. ${NAME} takes a secret from the environment. "
        "A relative path starts at this file.",
    )
    password: str = Field(
        default="",
        repr=False,
        description="Where the password for the URL's user is: env:NAME, file:PATH (readable by you alone) "
        "or command:PROGRAM ARGUMENTS.",
    )


class ModelSection(Section):
    """Who writes the queries."""

    name: str = Field(
        default="grounded",
        min_length=1,
        description="`grounded` needs no key and no network; or provider and name, "
        "for example openai:gpt-5.5 or anthropic:claude-sonnet-5.",
    )
    base_url: str = Field(
        default="",
        repr=False,
        description="Address of an OpenAI-compatible server; empty for the provider's own.",
    )
    api_key_env: str = Field(
        default="",
        description="Name of the environment variable that holds the key; "
        "empty for the provider's usual one.",
    )


class LimitsSection(Section):
    """What one question may take."""

    max_rows: int = Field(default=10_000, ge=1, le=1_000_000, description="Rows a query returns at most.")
    max_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024,
        description="Bytes of result held at most, as estimated from the values.",
    )
    timeout_s: float = Field(default=30.0, gt=0, le=86_400, description="Seconds a query may run.")
    max_turns: int = Field(default=12, ge=1, le=100, description="Times the model is asked for one question.")
    max_total_s: float = Field(
        default=120.0, gt=0, le=86_400, description="Seconds one question may take in all."
    )
    max_cost_usd: float = Field(
        default=1.0, ge=0, description="US dollars the model may cost for one question."
    )


class AnswersSection(Section):
    """When an answer is given, and how it reads time."""

    min_confidence: float = Field(
        default=0.85,
        ge=0,
        le=1,
        description="Below this confidence `grounded` abstains and says what is missing.",
    )
    min_confidence_hosted: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="The same for any other model, whose confidence is a score and no counted share.",
    )
    timezone: str = Field(
        default="",
        description="Time zone of words like `today`, for example Europe/Vienna; empty for this machine's.",
    )
    second_reading: bool = Field(
        default=True,
        description="Have `grounded` read each question that another model answers, and compare the results.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"no time zone is named {name!r}") from error
        return name


class ContextSection(Section):
    """What is known about the tables, and what the company has written down."""

    annotations: str = Field(
        default="annotations",
        description="Folder of what the tables' owners say, in YAML; left out where there is none.",
    )
    sources: tuple[str, ...] = Field(
        default=(),
        description="Where more is known about the tables, each as kind:path, for example dbt:shop/target "
        "or queries:logs/history.jsonl; docs/sources.md lists the kinds.",
    )
    brief: str = Field(
        default="brief.md",
        description="The page about the whole warehouse that people edit; drafted where there is none.",
    )
    documents: tuple[str, ...] = Field(
        default=(),
        description="Where documents are, each as kind:path, for example markdown:handbook; "
        "docs/knowledge.md lists the kinds.",
    )
    workflows: str = Field(
        default="workflows", description="Folder of saved workflows; left out where there is none."
    )
    tokens: int = Field(
        default=12_000, ge=1_000, le=1_000_000, description="Size of the context of a question, in tokens."
    )


class EnrichmentSection(Section):
    """Whether a model words what code and people say of the tables, and what that may take."""

    model: str = Field(
        default="",
        description="Provider and name, for example openai:gpt-5.5; empty for none. "
        "What it writes is kept only where it cites what it was given.",
    )
    max_cost_usd: float = Field(default=1.0, ge=0, description="US dollars that one build may cost.")
    max_tokens: int = Field(default=2_000_000, ge=0, description="Tokens that one build may use.")
    max_s: float = Field(default=3_600.0, gt=0, description="Seconds that one build may ask for.")


class PipelinesSection(Section):
    """What fills the tables, asked whether they are fresh."""

    dbt_target: str = Field(default="", description="Folder with dbt's run_results.json; empty for none.")
    airflow_url: str = Field(
        default="", repr=False, description="Address of Airflow's REST API; empty for none."
    )
    airflow_token: str = Field(
        default="",
        repr=False,
        description="Where Airflow's token, or its user:password, is: env:NAME, file:PATH, command:...",
    )
    spark_history_url: str = Field(
        default="", repr=False, description="Address of Spark's history server; empty for none."
    )


class StateSection(Section):
    """Where conversations, answers, indexes and the audit log are kept."""

    dir: str = Field(
        default="",
        description="The folder; empty for .gnomon beside this file. "
        "Without a file: $GNOMON_HOME, else ~/.gnomon.",
    )


class PrincipalSection(Section):
    """Who works at this machine, where there are no policies. With policies their people file says it."""

    subject: str = Field(default="", description="Who asks; empty for the user of the operating system.")
    tenant: str = Field(default="local", min_length=1, description="The organisation whose data this is.")
    groups: tuple[str, ...] = Field(default=(), description="Groups that the person belongs to.")


class PolicySection(Section):
    """Who may see what."""

    dir: str = Field(
        default="policies",
        min_length=1,
        description="Folder of Cedar policies, tags, people and budgets. Where there is none, whoever works "
        "on this machine reads everything and nobody else reads anything.",
    )
    shared_personal: Literal["mask", "show"] = Field(
        default="mask", description="Personal data found in answers that others read along."
    )


class IdentitySection(Section):
    """Whose tokens are taken."""

    issuer: str = Field(default="", description="Address of the OpenID Connect provider; empty for none.")
    audience: str = Field(default="", description="The name that the provider gives Gnomon.")
    subject_claim: str = Field(default="sub", min_length=1, description="Claim with a person's unique name.")
    groups_claim: str = Field(default="groups", min_length=1, description="Claim with the person's groups.")
    tenant_claim: str = Field(
        default="", description="Claim with the person's tenant; empty if all are of the tenant here."
    )
    kept_claims: tuple[str, ...] = Field(default=(), description="Further claims that policies may read.")
    clock_skew_s: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="Seconds that clocks may differ between here and the provider.",
    )
    slack_signing_secret: str = Field(
        default="",
        repr=False,
        description="Where the Slack app's secret is: env:NAME, file:PATH, command:...",
    )
    trust_domain: str = Field(
        default="gnomon.local", min_length=1, description="SPIFFE trust domain of agents, loops and jobs."
    )
