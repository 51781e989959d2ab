"""`gnomon budget`: what is left of what may be used."""

from typing import TYPE_CHECKING

from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.text import Text

    from gnomon.policy.budgets import BudgetUse
    from gnomon.settings import Settings
    from gnomon.surfaces.cli.face import Face

_STYLES = {"ok": "cyan", "soft": "yellow", "hard": "red"}
_WIDEST_BAR = 40
_BESIDE_BAR = 54


def budget(as_json: JsonOption = False) -> None:
    """Show how much of your budgets is used, and when they are free again.

    Budgets stand in budgets.toml in the policy folder, or beside gnomon.toml; without one nothing is limited.

    \b
    Examples:
      gnomon budget
      gnomon budget --json | jq '.[] | select(.state != "ok")'
    """
    import dataclasses

    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    settings, terminal = read_settings(), Terminal()
    uses = _uses(settings)
    if as_json:
        terminal.json([dataclasses.asdict(use) | {"resets_at": use.resets_at.isoformat()} for use in uses])
    elif uses:
        terminal.page(line for use in uses for line in _lines(use, terminal.face))
    else:
        terminal.say(f"nothing limits you; budgets would stand in {settings.budgets_path}")


def _uses(settings: "Settings") -> "tuple[BudgetUse, ...]":
    from datetime import UTC, datetime

    from gnomon.policy.budgets import judge
    from gnomon.store.usage import UsageLedger, read_budgets
    from gnomon.wiring import principal_of

    budgets, principal = read_budgets(settings.budgets_path), principal_of(settings)
    if not budgets:
        return ()
    ledger = UsageLedger.open(settings.state_dir)
    try:
        return judge(budgets, principal, ledger.used(principal, budgets, datetime.now(UTC)))
    finally:
        ledger.close()


def _lines(use: "BudgetUse", face: "Face") -> "list[Text]":
    """The sentence, and below it a bar of the share with when it is free again."""
    from rich.text import Text

    from gnomon.surfaces.cli.cells import wrap

    width = min(max(face.width - _BESIDE_BAR, 5), _WIDEST_BAR)
    filled = min(round(use.share * width), width)
    empty = " " * (width - filled)
    told = f" {min(use.share, 9.99):4.0%}  {_state(use)}"
    bar = Text.assemble(
        ("  " + face.glyph("bar"), "dim"),
        (face.glyph("block") * filled + empty, _STYLES[use.state]),
        (face.glyph("bar"), "dim"),
        told,
    )
    return [*(Text(line, style="bold") for line in wrap(use.sentence, face.width)), bar]


def _state(use: "BudgetUse") -> str:
    until = f"{use.resets_at:%Y-%m-%d %H:%M} UTC"
    if use.state == "hard":
        return f"used up until {until}"
    return f"nearly used up, free {until}" if use.state == "soft" else f"free again {until}"
