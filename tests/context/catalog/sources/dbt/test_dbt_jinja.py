"""The reader of templates: what it fills in, what stops it, and that nothing can hurt it."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog.sources.dbt.code import called_reference, known_call
from gnomon.context.catalog.sources.dbt.jinja import configured, reference, references, render
from gnomon.context.catalog.sources.dbt.jinja_expressions import Scope, Value
from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped, blocks
from gnomon.context.catalog.sources.dbt.nodes import Ref, SourceRef

VARIABLES = {"days": 30, "regions": ["eu", "us"]}


def scope() -> Scope:
    def call(name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Value:
        wanted = called_reference(name, arguments, named)
        if isinstance(wanted, Ref):
            return ".".join(part for part in (wanted.package, wanted.name, wanted.version) if part)
        if isinstance(wanted, SourceRef):
            return f"{wanted.source}.{wanted.table}"
        return known_call(name, arguments, named, VARIABLES)

    return Scope(call, {"this": "main.orders"})


FILLED = [
    ("select 1", "select 1"),
    ("from {{ ref('a') }}", "from a"),
    ('from {{ ref("pkg", "a", v=2) }}', "from pkg.a.2"),
    ("from {{ ref('a', version='3') }}", "from a.3"),
    ("from {{ source('s', 't') }}", "from s.t"),
    ("from {{ this }}", "from main.orders"),
    ("{{ config(materialized='table', hook=other.thing()) }}select 1", "select 1"),
    ("{{ config({'tags': ['a']}) }}select 1", "select 1"),
    ("d > {{ var('days') }} and {{ var('none', 7) }}", "d > 30 and 7"),
    ("{% if is_incremental() %}where x{% else %}all{% endif %}", "all"),
    ("{% if not is_incremental() %}all{% endif %}", "all"),
    ("{% if is_incremental() and unknown.thing() %}where x{% endif %}", ""),
    ("{% if var('days') > 7 and 'eu' in var('regions') %}long{% elif true %}short{% endif %}", "long"),
    (
        "{% set xs = ['a', 'b'] %}{% for x in xs %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "a, b",
    ),
    ("{% for r in var('regions') %}{{ r | upper }}{{ loop.index }} {% endfor %}", "EU1 US2 "),
    ("{% set x %}a{{ 1 }}{% endset %}{{ x ~ '!' }}", "a1!"),
    ("{{ ['a', 'b'] | join(' + ') }}", "a + b"),
    ("{% set m = {'k': {'n': 1}} %}{{ m['k'].n }}", "1"),
    ("a {#- {{ nothing }} -#} b", "ab"),
    ("a {{- 'b' -}} c", "abc"),
    ("{% raw %}{ not braces }{% endraw %}", "{ not braces }"),
    ("select {'a': 1}", "select {'a': 1}"),
    ("{{ 'a' if var('days') == 30 else 'b' }}", "a"),
    ("{{ '}}' }}", "}}"),
]


@pytest.mark.requirement("sources:dbt-jinja")
@pytest.mark.parametrize(("template", "text"), FILLED)
def test_the_usual_parts_of_a_template_are_filled_in(template: str, text: str) -> None:
    assert render(template, scope()) == text


STOPPED = [
    ("a\n{{ dbt_utils.star(ref('a')) }}", 2, "a call of `dbt_utils.star` is not known without dbt"),
    ("{{ cents('x') }}", 1, "a call of `cents` is not known without dbt"),
    ("{{ env_var('HOME') }}", 1, "a call of `env_var` is not known without dbt"),
    ("{{ target.schema }}", 1, "`target` is not known without dbt"),
    ("{{ var('unset') }}", 1, "the variable `unset` has no value in dbt_project.yml"),
    ("{{ ''.__class__ }}", 1, "`__class__` of a value is not known without dbt"),
    ("{{ ''.join(['a']) }}", 1, "a call of `....join` is not known without dbt"),
    ("\n\n{% macro m() %}{% endmacro %}", 3, "`{% macro %}` is not read"),
    ("{% do run() %}", 1, "`{% do %}` is not read"),
    ("{% include 'x' %}", 1, "`{% include %}` is not read"),
    ("{% if x %}", 1, "`{% endif %}` is missing"),
    ("{% endif %}", 1, "`{% endif %}` is not read"),
    ("{% for a, b in x %}{% endfor %}", 1, "a loop of this form is not read"),
    ("{{ [1] }}", 1, "a list or a mapping is printed"),
    ("{{ 'a' < 1 }}", 1, "values are compared by `<` that have no order"),
    ("{{ a", 1, "braces are not closed"),
    ("{# a", 1, "a comment is not closed"),
    ("{{ 'a }}", 1, "braces hold what is not read"),
    ("{{ 1 + 1 }}", 1, "an expression is not read at `+`"),
    ("{{ }}", 1, "braces hold no whole expression"),
    ("{{ '{' ~ '{' }}", 1, "the text that comes of it holds template braces"),
    ("{% raw %}{{ x }}{% endraw %}", 1, "the text that comes of it holds template braces"),
    ("{{ ref(x) }}", 1, "`x` is not known without dbt"),
]


@pytest.mark.requirement("sources:dbt-jinja")
@pytest.mark.parametrize(("template", "line", "message"), STOPPED)
def test_anything_else_stops_the_reading_with_its_line(template: str, line: int, message: str) -> None:
    with pytest.raises(TemplateStopped) as stopped:
        render(template, scope())
    assert (stopped.value.line, stopped.value.message) == (line, message)


LOOPS = "{% for a in [1,2,3,4,5,6,7,8,9] %}"
HOSTILE = [
    "{{ " + "(" * 5000 + " }}",
    "{{ " + "not " * 5000 + "x }}",
    "{{ " + " ~ ".join(["'a'"] * 5000) + " }}",
    "{{ x" + ".a" * 5000 + " }}",
    "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "{% if 1 %}" * 5000,
    LOOPS * 15 + "x" + "{% endfor %}" * 15,
    "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 40 + "{{ x == [x, x] }}",
    "{% set x = [1] %}" + "{% set x = [x, x] %}" * 40 + "{% if x in x %}a{% endif %}",
]


@pytest.mark.requirement("sources:dbt-untrusted")
@pytest.mark.parametrize("template", HOSTILE, ids=range(len(HOSTILE)))
def test_a_template_that_would_take_the_machine_is_stopped(template: str) -> None:
    with pytest.raises(TemplateStopped):
        render(template, scope())


WORDS = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            "'",
            '"',
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ".",
            "|",
            "~",
        ),
        *(
            " ",
            "\n",
            "if ",
            "else",
            "endif",
            "for ",
            "in ",
            "endfor",
            "set ",
            "=",
            "x",
            "1",
            "not ",
            "raw",
            "endraw",
        ),
        *(
            "ref('a')",
            "is_incremental()",
            "config(a=1)",
            "this",
            "loop",
            "['a', 'b']",
            "select",
            "\\",
            "é",
            "\0",
        ),
    ]
)


@pytest.mark.requirement("sources:dbt-untrusted")
@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=30).map("".join)))
def test_any_text_is_filled_in_without_braces_or_stopped(template: str) -> None:
    references(template)
    configured(template, scope())
    list(blocks(template, "docs"))
    line, text = 1, ""
    try:
        text = render(template, scope())
    except TemplateStopped as stopped:
        line = stopped.line
    assert 1 <= line <= template.count("\n") + 1
    assert not any(brace in text for brace in ("{{", "{%", "{#"))


@pytest.mark.requirement("sources:dbt-jinja")
def test_references_are_found_in_templates_that_are_not_read() -> None:
    template = """
        {{ dbt_utils.union_relations([ref('a'), source("s", 't'), ref('p', 'b', v=2)]) }} {{ ref(name) }}
        {% macro x() %} {{ ref('c') }} {{ not closed
    """
    assert references(template) == (Ref("a"), SourceRef("s", "t"), Ref("b", "p", "2"), Ref("c"))


@pytest.mark.requirement("sources:dbt-jinja")
def test_a_reference_is_found_in_what_a_test_or_exposure_says() -> None:
    assert reference("ref('orders')") == Ref("orders")
    assert reference("{{ get_where_subquery(ref('orders')) }}") == Ref("orders")
    assert reference("source('a', 'b')") == SourceRef("a", "b")
    assert reference('"db"."main"."orders"') is None


@pytest.mark.requirement("sources:dbt-jinja")
def test_a_configuration_is_known_though_the_rest_is_not_read() -> None:
    asked = scope()
    configured("{{ config(materialized='ephemeral', alias=macro()) }} {% macro m() %}", asked)
    assert asked.config == {"materialized": "ephemeral"}


@pytest.mark.requirement("sources:dbt-jinja")
def test_blocks_are_prose_in_which_braces_mean_nothing() -> None:
    text = "{% docs a %}\nWith {{ braces and {% tags %}\n{% enddocs %}\n{%- docs b -%} two {%- enddocs -%}"
    found = [(block.name, block.body.strip(), block.line) for block in blocks(text, "docs")]
    assert found == [("a", "With {{ braces and {% tags %}", 1), ("b", "two", 4)]
