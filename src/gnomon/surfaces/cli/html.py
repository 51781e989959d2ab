"""An answer as one HTML file that needs nothing else and runs nothing.

Every text from outside is escaped and holds no control or bidi characters; nothing in the page is a link, and
its content security policy forbids scripts and every request, so a text that slipped through still could not
carry anything out.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Answer, Check, Cost, ReadWords
from gnomon.domain.catalog import NUMERIC_KINDS
from gnomon.domain.result import ResultTable
from gnomon.surfaces.cli.cells import format_column, neutralise
from gnomon.surfaces.cli.html_chart import svg_chart

MAX_ROWS = 1_000
_MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "not_applicable": "–"}
_STATUS = {
    "abstained": "No answer",
    "failed": "Failed",
    "interrupted": "Stopped",
    "needs_clarification": "A question back",
}
_STYLE = """
:root{--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;--wash:#f5f7f9;--main:#1f6feb;--ok:#1a7f37;
--warn:#9a6700;--bad:#cf222e}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa7b4;--line:#30363d;--paper:#0d1117;
--wash:#161b22;--main:#58a6ff;--ok:#3fb950;--warn:#d29922;--bad:#f85149}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
.asked,.soft,footer{color:var(--soft)}
.asked{margin:0}
h1{font-size:1.35rem;line-height:1.35;margin:.25rem 0 1rem;white-space:pre-line}
h2{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:2rem 0 .5rem}
.headline{font-size:3rem;line-height:1.1;font-weight:650;margin:.5rem 0;font-variant-numeric:tabular-nums}
.status{color:var(--warn);font-weight:600}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.4rem .75rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{background:var(--wash);font-weight:600}
td{unicode-bidi:isolate;white-space:pre-wrap;overflow-wrap:break-word;max-width:28rem;min-width:4rem}
tr:last-child td{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.null{color:var(--soft);font-style:italic}
pre{background:var(--wash);border:1px solid var(--line);border-radius:8px;padding:.9rem;overflow-x:auto;
font:.85rem/1.5 ui-monospace,monospace}
ul{margin:0;padding:0;list-style:none}
li{padding:.25rem 0;overflow-wrap:anywhere}
.checks li{padding-left:1.4rem}
.mark{display:inline-block;width:1.4rem;margin-left:-1.4rem;font-weight:700}
.pass{color:var(--ok)}.warn{color:var(--warn)}.fail{color:var(--bad)}.not_applicable{color:var(--soft)}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.75rem;font-size:.85rem}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
figure{margin:1rem 0}
svg .shape{fill:var(--main)}
svg .line{fill:none;stroke:var(--main);stroke-width:2}
svg .axis{stroke:var(--line)}
@media print{.scroll,pre{overflow:visible;white-space:pre-wrap}}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def answer_page(answer: Answer, *, max_rows: int = MAX_ROWS) -> str:
    """The whole answer as the text of an HTML file."""
    sections = (
        _sentence(answer),
        _chart(answer),
        _result(answer, max_rows),
        _listed("Please note", answer.remarks),
        _listed("Not understood", answer.unplaced),
        _sql(answer),
        _listed("Tables", map(str, answer.tables)),
        _listed("Assumptions", (_two(a.text, a.alternative) for a in answer.assumptions)),
        _checks(answer.checks),
        _listed("How it was read", (_read(r) for r in answer.reading)),
        _listed("How it was reached", () if answer.reading else filter(None, [answer.reasoning])),
        _footer(answer),
    )
    title = _text(answer.question.text)[:200]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """Foreign text as HTML text, which also holds inside a quoted attribute."""
    return escape(neutralise(text, keep="\n"), quote=True)


def _read(words: ReadWords) -> str:
    return f"{words.words}: {words.role}"


def _two(text: str, more: str) -> str:
    return f"{text} ({more})" if more else text


def _sentence(answer: Answer) -> str:
    status = _STATUS.get(answer.status, "")
    lines = [f'<p class="asked">{_text(answer.question.text)}</p>']
    lines += [f'<p class="status">{status}</p>'] if status else []
    lines.append(f"<h1>{_text(answer.text)}</h1>")
    lines += [f'<p class="headline">{_text(answer.headline)}</p>'] if answer.headline else []
    if answer.clarification and answer.status == "needs_clarification":
        lines += [_items(answer.clarification.options)]
    return "\n".join(lines)


def _chart(answer: Answer) -> str:
    return svg_chart(answer.chart, answer.result) if answer.chart and answer.result else ""


def _result(answer: Answer, max_rows: int) -> str:
    result = answer.result
    if result is None or (answer.headline and len(result.rows) == 1 and len(result.columns) == 1):
        return ""
    rows = result.rows[:max_rows]
    columns = [
        format_column(column, [row[i] for row in rows], quoted=False)
        for i, column in enumerate(result.columns)
    ]
    classes = ["number" if c.kind in NUMERIC_KINDS else "" for c in result.columns]
    head = "".join(
        f"<th{_class(k)}>{_text(c.name)}</th>" for c, k in zip(result.columns, classes, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{_class('null' if cell is None else kind)}>{_text(texts[n])}</td>"
            for cell, texts, kind in zip(row, columns, classes, strict=True)
        )
        + "</tr>"
        for n, row in enumerate(rows)
    )
    table = (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )
    return _section("Result", table + _more(result, max_rows))


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _more(result: ResultTable, max_rows: int) -> str:
    hidden = len(result.rows) - max_rows
    notes = [many(hidden, "more row")] if hidden > 0 else ["no rows"] if not result.rows else []
    notes += ["cut at the limit: there are more in the warehouse"] if result.truncated else []
    return f'<p class="soft">{"; ".join(notes)}</p>' if notes else ""


def _sql(answer: Answer) -> str:
    return _section("SQL", f"<pre>{_text(answer.sql)}</pre>") if answer.sql else ""


def _listed(title: str, texts: Iterable[str]) -> str:
    items = _items(texts)
    return _section(title, items) if items else ""


def _items(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else ""


def _checks(checks: tuple[Check, ...]) -> str:
    lines = "".join(
        f'<li><span class="mark {check.verdict}">{_MARKS[check.verdict]}</span>{_text(check.name)}: '
        f'{_text(check.summary)} <span class="soft">({check.verdict.replace("_", " ")})</span></li>'
        for check in checks
    )
    return _section("Checks", f'<ul class="checks">{lines}</ul>') if checks else ""


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>"


def _footer(answer: Answer) -> str:
    parts = [f"confidence {answer.confidence:.2f}"] if answer.status == "answered" else []
    asked = answer.question.asked_at.isoformat(sep=" ", timespec="minutes")
    parts += [*_cost(answer.cost), answer.model_id, f"answer {answer.id}", f"asked {asked}"]
    return f"<footer>{_text(' · '.join(part for part in parts if part))}</footer>"


def _cost(cost: Cost) -> list[str]:
    price = "price unknown" if cost.cost_usd is None else f"${cost.cost_usd:.4f}" if cost.cost_usd else "free"
    turns = f"{cost.turns} turn{'' if cost.turns == 1 else 's'}"
    return [f"{cost.total_s:.2f} s", f"warehouse {cost.warehouse_s:.2f} s", turns, price]
