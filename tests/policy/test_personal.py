"""Personal data is found where it is, not where something looks like it, and is masked whole."""

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.domain.answer import Answer, Assumption, Check, ExecutedQuery, Question
from gnomon.domain.catalog import TypeKind
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultRef, ResultTable
from gnomon.policy.personal import (
    CELLS_LOOKED_AT,
    PersonalFinding,
    find_personal,
    mask_answer,
    mask_personal,
    mask_text,
    personal_values,
)
from gnomon.policy.personal_values import is_card

RANDOM = random.Random(20261121)
ROWS = 60
FIRST = ("Ana", "Bo", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Goran", "Łucja")
LAST = ("Silva", "Holm", "Dubois", "Orlov", "Park", "O'Neil", "Novak", "Żak")


def many(make: Any, rows: int = ROWS) -> list[Any]:
    return [make(i) for i in range(rows)]


def luhn(body: str) -> str:
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in body[::-2])
    return body + str(-(doubled + sum(map(int, body[-2::-2]))) % 10)


def digits(n: int, first: str = "") -> str:
    return first + "".join(RANDOM.choices("0123456789", k=n - len(first)))


def iban(country: str, bban: str) -> str:
    number = "".join(str(int(c, 36)) for c in f"{bban}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{bban}"


def dni() -> str:
    number = RANDOM.randrange(10**7, 10**8)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def pesel() -> str:
    body = f"{RANDOM.randrange(50, 100)}{RANDOM.randrange(1, 13):02d}{RANDOM.randrange(1, 29):02d}{digits(4)}"
    return body + str(-sum(int(d) * w for d, w in zip(body, (1, 3, 7, 9) * 3, strict=False)) % 10)


def spaced(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def person(i: int) -> str:
    return f"{FIRST[i % 8]} {LAST[i // 8 % 8]}"


@dataclass(frozen=True)
class Labelled:
    """A column as somebody looked at it: its name, its cells, and the kind of personal data in it."""

    name: str
    cells: Sequence[Any]
    kind: str = ""
    type: TypeKind = "text"


PERSONAL = (
    Labelled("email", many(lambda i: f"user.{i}@mail{i % 5}.example"), "mail"),
    Labelled("contact", many(lambda i: f"x{i}+shop@sub.acme.co.uk" if i % 2 else None), "mail"),
    Labelled(
        "note", many(lambda i: f"wrote to ana{i}@acme.test about {i}" if i % 9 == 0 else "fine"), "mail"
    ),
    Labelled("payload", many(lambda i: f'{{"to": "p{i}@acme.test", "n": {i}}}'), "mail", "json"),
    Labelled("reached_at", many(lambda i: f"+49 30 {2_000_000 + i * 997}"), "phone"),
    Labelled("phone", many(lambda i: f"030 {2_000_000 + i * 997}"), "phone"),
    Labelled("mobile_number", many(lambda i: 447_400_000_000 + i * 9_973), "phone", "integer"),
    Labelled("tel", many(lambda i: f"(415) 555-{1000 + i}"), "phone"),
    Labelled(
        "comment", many(lambda i: f"please call +1 415-555-{2671 + i} today" if i % 4 == 0 else ""), "phone"
    ),
    Labelled("paid_with", many(lambda i: spaced(luhn(digits(15, "4")))), "card"),
    Labelled("paid_by", many(lambda i: luhn(digits(15, "55"))), "card"),
    Labelled("card", many(lambda i: int(luhn(digits(15, "4")))), "card", "integer"),
    Labelled("amex", many(lambda i: luhn(digits(14, "37"))), "card"),
    Labelled("card_number", many(lambda i: f"**** **** **** {1000 + i}"), "card"),
    Labelled("memo", many(lambda i: f"card {luhn(digits(15, '4'))} declined"), "card"),
    Labelled("account", many(lambda i: spaced(iban("DE", digits(18)))), "iban"),
    Labelled("payee", many(lambda i: iban("GB", f"NWBK{digits(14)}")), "iban"),
    Labelled("transfer", many(lambda i: f"to {iban('FR', digits(23))} on Monday"), "iban"),
    Labelled("client_ip", many(lambda i: f"84.{i}.17.{200 - i}"), "ip"),
    Labelled("remote", many(lambda i: f"2001:db8:0:{i:x}::{i + 16:x}" if i % 2 else f"10.0.{i}.7"), "ip"),
    Labelled("log", many(lambda i: f"GET /x from 84.2.{i}.9 took {i} ms"), "ip"),
    Labelled("ssn", many(lambda i: f"{100 + i}-{10 + i}-{1000 + i}"), "national_id"),
    Labelled("ident", many(lambda i: f"{100 + i}-{10 + i}-{1000 + i}"), "national_id"),
    Labelled("nino", many(lambda i: f"AB {10 + i} 34 56 C"), "national_id"),
    Labelled("document", many(lambda i: dni()), "national_id"),
    Labelled("pesel", many(lambda i: pesel()), "national_id"),
    Labelled("registered_as", many(lambda i: pesel()), "national_id"),
    Labelled("passport_no", many(lambda i: f"C0{1_000_000 + i}"), "national_id"),
    Labelled("codice", ["RSSMRA85T10A562S"] * 4, "national_id"),
    Labelled("customer_name", many(person), "name"),
    Labelled("firstName", many(lambda i: FIRST[i % 8]), "name"),
    Labelled("LAST_NAME", many(lambda i: LAST[i % 8]), "name"),
    Labelled("surname", many(lambda i: LAST[i % 8]), "name"),
    Labelled("employee", many(person), "name"),
    Labelled("patient full name", many(person), "name"),
)
HARMLESS = (
    Labelled("order_id", many(lambda i: 4_000_000_000_000_000 + i), type="integer"),
    Labelled("order_no", many(lambda i: digits(16, "4"))),
    Labelled("transaction", many(lambda i: digits(16))),
    Labelled("id", many(lambda i: 100_000_000 + i), type="integer"),
    Labelled("customer_id", many(lambda i: f"{10_000_000_000 + i}")),
    Labelled("invoice", many(lambda i: f"INV-2024-{i:06d}")),
    Labelled("reference", many(lambda i: f"RF{digits(2)}-{digits(4)}-{digits(4)}")),
    Labelled("tracking", many(lambda i: f"1Z{digits(6)}{digits(10)}")),
    Labelled("ean", many(lambda i: digits(13, "40"))),
    Labelled("isbn", many(lambda i: f"978-3-16-{148410 + i}-0")),
    Labelled(
        "uuid", many(lambda i: f"{RANDOM.getrandbits(32):08x}-9b1d-4b6d-8a3e-{RANDOM.getrandbits(48):012x}")
    ),
    Labelled("sha", many(lambda i: f"{RANDOM.getrandbits(160):040x}")),
    Labelled("epoch_ms", many(lambda i: 1_700_000_000_000 + i * 86_400_000), type="integer"),
    Labelled("day", many(lambda i: date(2025, 1, 1) + timedelta(i)), type="date"),
    Labelled("day_text", many(lambda i: str(date(2025, 1, 1) + timedelta(i)))),
    Labelled("german_day", many(lambda i: f"{i % 28 + 1:02d}.{i % 12 + 1:02d}.2025")),
    Labelled("at", many(lambda i: f"2025-01-{i % 28 + 1:02d}T12:30:{i:02d}.123456+01:00")),
    Labelled("duration", many(lambda i: f"{i % 24:02d}:30:45")),
    Labelled("amount", many(lambda i: Decimal("1234567.89") * i), type="decimal"),
    Labelled("amount_text", many(lambda i: f"+1,234,{100 + i}.50 EUR")),
    Labelled("change", many(lambda i: f"+{i * 1000}.25")),
    Labelled("version", many(lambda i: f"10.{i}.2.1")),
    Labelled("release", many(lambda i: f"version 10.{i}.2.1")),
    Labelled("mac", many(lambda i: f"00:1b:44:11:3a:{i:02x}")),
    Labelled("position", many(lambda i: f"52.{digits(6)}, 13.{digits(6)}")),
    Labelled("product_name", many(lambda i: ("Desk Lamp", "Blue Pen", "Paper Tray")[i % 3])),
    Labelled("company_name", many(lambda i: f"Acme {i} GmbH")),
    Labelled("region", many(lambda i: ("North", "South", "East")[i % 3])),
    Labelled("file_name", many(lambda i: f"report_{i}.csv")),
    Labelled("name", many(lambda i: ("Basic Plan", "Pro Plan")[i % 2])),
    Labelled("owner", many(lambda i: ("finance", "sales")[i % 2])),
    Labelled("agent", many(lambda i: f"build-{i}")),
    Labelled("phone_model", many(lambda i: f"Pixel {i}")),
    Labelled("handle", many(lambda i: f"@ana_{i}")),
    Labelled("sku", many(lambda i: f"{digits(3)}-{digits(3)}-{i:04d}X")),
    Labelled("zip", many(lambda i: f"{10_000 + i}-{1000 + i}")),
    Labelled("batch", many(lambda i: digits(9))),
    Labelled("serial", many(lambda i: digits(11))),
    Labelled("part", many(lambda i: f"{digits(8)}{'ABCDEFGH'[i % 8]}")),
    Labelled("ticket", many(lambda i: f"240{i % 9 + 1}15-{digits(4)}")),
    Labelled("remark", many(lambda i: f"shipped {i} of 1,200 items in 3.5 days, ratio 4:3")),
    Labelled("spec", many(lambda i: f"std::vector {i} a::b at 5 @ 3")),
    Labelled("share", many(lambda i: i / 60), type="decimal"),
    Labelled("raw", many(lambda i: b"ana@acme.test"), type="other"),
    Labelled("paid", many(lambda i: i % 2 == 0), type="boolean"),
    Labelled("empty", many(lambda i: None)),
)


def table(*columns: Labelled) -> ResultTable:
    heads = tuple(ResultColumn(c.name, c.type) for c in columns)
    return ResultTable(heads, tuple(zip(*(c.cells for c in columns), strict=False)))


def found_kinds(column: Labelled) -> set[str]:
    return {f.kind for f in find_personal(table(column))}


@pytest.mark.requirement("personal:found")
@pytest.mark.parametrize("column", PERSONAL, ids=lambda c: c.name)
def test_a_column_of_personal_data_is_found_with_its_kind(column: Labelled) -> None:
    assert column.kind in found_kinds(column)


@pytest.mark.requirement("personal:found")
@pytest.mark.parametrize("column", HARMLESS, ids=lambda c: c.name)
def test_a_column_that_only_looks_personal_is_left_alone(column: Labelled) -> None:
    assert found_kinds(column) == set()


@pytest.mark.requirement("personal:found")
def test_precision_and_recall_over_the_labelled_columns_stay_where_they_are() -> None:
    """docs/personal-data.md states these figures."""
    found = [(c.kind, kind) for c in (*PERSONAL, *HARMLESS) for kind in found_kinds(c)]
    right = sum(wanted == kind for wanted, kind in found)
    assert (len(PERSONAL), len(HARMLESS)) == (35, 46)
    assert (right / len(found), right / len(PERSONAL)) == (1.0, 1.0)


@pytest.mark.requirement("personal:found")
def test_a_finding_says_where_how_often_and_why() -> None:
    findings = find_personal(table(PERSONAL[2], PERSONAL[29]), tagged={"NOTE": "pii"})
    assert findings == (
        PersonalFinding("note", "other", ROWS, 1.0, "tag"),
        PersonalFinding("customer_name", "name", ROWS, 1.0, "name"),
    )
    by_value = find_personal(table(PERSONAL[2]))
    assert by_value == (PersonalFinding("note", "mail", 7, 7 / ROWS, "value"),)
    assert not by_value[0].whole


@pytest.mark.requirement("personal:found")
def test_a_tag_names_its_kind() -> None:
    (finding,) = find_personal(table(HARMLESS[0]), tagged={"order_id": "national_id"})
    assert (finding.kind, finding.how, finding.whole) == ("national_id", "tag", True)


@pytest.mark.requirement("personal:found")
@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("378282246310005", True),
        ("6011111111111117", True),
        ("3530111333300000", True),
        ("30569309025904", True),
        ("2223003122003222", True),
        ("1234567812345670", False),
        ("0000000000000000", False),
    ],
)
def test_a_card_number_has_an_issuer_and_a_check_digit(number: str, valid: bool) -> None:
    assert is_card(number) is valid


@pytest.mark.requirement("personal:found")
def test_one_card_number_alone_is_found_unless_its_column_numbers_things() -> None:
    assert found_kinds(Labelled("x", ["4111111111111111"])) == {"card"}
    assert found_kinds(Labelled("order_id", ["4111111111111111"])) == set()
    assert found_kinds(Labelled("card_number", ["4111111111111111"])) == {"card"}


@pytest.mark.requirement("personal:found")
def test_the_time_of_a_look_does_not_grow_with_the_result() -> None:
    cells = many(lambda i: f"wrote {i} to user{i}@acme.test " + "a.b-c+" * 3_000, 10_000)
    wide = ResultTable(
        tuple(ResultColumn(f"c{i}", "text") for i in range(8)), tuple((cell,) * 8 for cell in cells)
    )
    started_s = time.thread_time()
    findings = find_personal(wide)
    assert time.thread_time() - started_s < 5
    assert {f.cells for f in findings} == {CELLS_LOOKED_AT}


@pytest.mark.requirement("personal:found")
def test_without_the_extra_the_base_rules_still_find_what_needs_no_country_plan() -> None:
    program = (
        "import sys; sys.modules['phonenumbers'] = sys.modules['stdnum'] = None\n"
        "from gnomon.policy.personal import mask_text\n"
        "print(mask_text('a@b.example, +49 30 2000997, 4111 1111 1111 1111 100-10-1000 84.2.1.9'))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[mail], [phone], [card] [national_id] [ip]"


@pytest.mark.requirement("personal:found")
def test_the_extra_tells_numbers_that_nobody_can_have() -> None:
    pytest.importorskip("phonenumbers")
    assert (
        mask_text("+49 30 2000997 and +00 1 and +1 111 111 1111") == "[phone] and +00 1 and +1 111 111 1111"
    )


@pytest.mark.requirement("personal:masked")
def test_every_cell_of_a_personal_column_is_masked_also_those_that_were_not_looked_at() -> None:
    cells = [*many(lambda i: f"u{i}@acme.test", 2_000), "not a mail at all", None]
    masked = mask_personal(t := table(Labelled("mail", cells)), find_personal(t))
    assert set(masked.values(0)) == {"[mail]", None}
    assert masked.columns[0].kind == "text"


@pytest.mark.requirement("personal:masked")
def test_single_values_are_masked_wherever_they_stand() -> None:
    cells: list[Any] = ["fine"] * 5_000
    cells[4_321] = "ask ana@acme.test"
    cells[7] = {"to": ["bo@acme.test", 5]}
    t = table(Labelled("note", cells), Labelled("n", list(range(5_000)), type="integer"))
    masked = mask_personal(t, find_personal(t))
    assert masked.rows[4_321] == ("ask [mail]", 4_321)
    assert masked.rows[7] == ({"to": ["[mail]", 5]}, 7)
    assert masked.rows[0] == ("fine", 0)


@pytest.mark.requirement("personal:masked")
@pytest.mark.parametrize("column", PERSONAL, ids=lambda c: c.name)
def test_nothing_personal_is_found_in_a_masked_result(column: Labelled) -> None:
    t = table(column)
    masked = mask_personal(t, find_personal(t))
    assert [f for f in find_personal(masked) if f.how == "value"] == []


@pytest.mark.requirement("personal:masked")
@pytest.mark.parametrize("column", HARMLESS, ids=lambda c: c.name)
def test_what_is_not_personal_stays_exact(column: Labelled) -> None:
    t = table(column)
    assert mask_personal(t, find_personal(t)) == t


@pytest.mark.requirement("personal:masked")
@given(st.text(st.sampled_from("0123456789 .-+@abcAB:()"), max_size=60))
def test_masking_twice_changes_nothing_and_never_fails(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once


@pytest.mark.requirement("personal:masked")
def test_an_answer_for_many_eyes_says_no_name_of_a_personal_column() -> None:
    result = table(
        Labelled("customer_name", ["Ana Silva", "Bo Holm"]),
        Labelled("phone", [493_020_009_970, 493_020_009_971], type="integer"),
        Labelled("spent", [5, 3], type="integer"),
    )
    ref = ResultRef("r1", result.columns, 2, False, "0" * 64)
    sql = "SELECT * FROM c WHERE mail = 'ana@acme.test' OR name = 'Ana Silva'"
    question = Question("q1", "What did Ana Silva spend?", Principal("ana"), datetime.now(UTC), "c1")
    answer = Answer(
        "a1",
        question,
        "answered",
        "Ana Silva (493,020,009,970) spent 5.",
        headline="Ana Silva",
        result=result,
        queries=(ExecutedQuery(sql, "for Ana Silva", (), ref, 0.1),),
        assumptions=(Assumption("Ana Silva is a customer", "ask for Bo Holm"),),
        checks=(Check("c", "pass", "Ana Silva is a value", "", sql),),
        reasoning="Bo Holm is less",
    )
    masked = mask_answer(answer)
    shown = repr(replace(masked, question=replace(masked.question, principal=Principal("x"))))
    for personal in ("Ana Silva", "Bo Holm", "493", "ana@acme.test"):
        assert personal not in shown
    assert masked.text == "[name] ([phone]) spent 5."
    assert masked.result is not None
    assert masked.result.values(2) == (5, 3)


@pytest.mark.requirement("personal:masked")
def test_short_cells_do_not_tear_other_words_apart() -> None:
    t = table(Labelled("first_name", ["Al", "Alma", "May"]))
    values = personal_values(t, find_personal(t))
    assert mask_text("Also in May, Almanac and Alma", values) == "Also in [name], Almanac and [name]"
