"""Processes that record and query until they are killed; run as a program, it starts and kills them.

A victim has two threads. Each records a query and then runs it on a real SQLite database, whose trace writes
the statement's id to a witness file at the moment the engine starts it. Receipts go to the killer by a pipe.
"""

import json
import os
import random
import select
import signal
import sqlite3
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog

THREADS = 2
LONGEST_LIFE_S = 0.06


def sql_of(statement: str) -> str:
    """A statement that carries its id and makes the engine work."""
    return f"SELECT '{statement}', sum(v) FROM t WHERE v % 7 = 3"


def work(folder: Path, name: str, receipts: int, *, record_first: bool) -> None:
    """Record and run one query after another, for ever."""
    log, witness = AuditLog(folder / "audit"), os.open(folder / "witness", os.O_WRONLY | os.O_APPEND)

    def loop(thread: int) -> None:
        db = sqlite3.connect(folder / "t.sqlite")
        db.set_trace_callback(lambda sql: os.write(witness, sql.split("'")[1].encode() + b"\n") and None)
        for number in range(1_000_000):
            statement = f"{name}-{thread}-{number}"
            sql = sql_of(statement)
            event = AuditEvent(datetime.now(UTC), "ana", "acme", "query", (("id", statement), ("sql", sql)))
            if not record_first:
                db.execute(sql).fetchone()
            receipt = log.append(event)
            os.write(receipts, f"{receipt.n} {receipt.sha256}\n".encode())
            if record_first:
                db.execute(sql).fetchone()

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def kill_one(folder: Path, name: str, life_s: float, *, record_first: bool) -> list[str]:
    """Start a victim, take its receipts until its moment comes, kill it; give the receipts that arrived."""
    receiving, sending = os.pipe()
    victim = os.fork()
    if victim == 0:
        os.close(receiving)
        work(folder, name, sending, record_first=record_first)
        os._exit(1)
    os.close(sending)
    arrived, deadline = b"", time.monotonic() + life_s
    while (left := deadline - time.monotonic()) > 0:
        if select.select([receiving], [], [], left)[0]:
            arrived += os.read(receiving, 65_536)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    while piece := os.read(receiving, 65_536):
        arrived += piece
    os.close(receiving)
    return [line.decode() for line in arrived.splitlines(keepends=True) if line.endswith(b"\n")]


def main(folder: Path, kills: int, seed: int, order: str) -> None:
    """Kill so many victims at random moments; print their receipts as JSON."""
    (folder / "witness").touch()
    with sqlite3.connect(folder / "t.sqlite") as db:
        db.execute("CREATE TABLE t (v INTEGER)")
        db.executemany("INSERT INTO t VALUES (?)", [(i,) for i in range(500)])
    db.close()
    moments = random.Random(seed)
    receipts: list[str] = []
    for kill in range(kills):
        life_s = moments.uniform(0.002, LONGEST_LIFE_S)
        receipts += kill_one(folder, f"k{kill}", life_s, record_first=order == "record-first")
    json.dump({"kills": kills, "receipts": receipts}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
