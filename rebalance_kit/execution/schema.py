"""The journal's tables. What must never happen is refused by the database itself, so that no code path can do it.

    run -> intent -> attempt            what was wanted, order by order, and each time it was sent
    event                               everything that happened, in a chain of hashes

An attempt moves forward only:

    SENDING -> UNKNOWN -> ACKED -> PARTIAL -> FILLED | CANCELLED
    SENDING -> NOT_SENT | REJECTED                                  certain: nothing is at the broker
    UNKNOWN -> ABSENT                                               decided by the broker's own list, never by time

`one_live` allows one attempt of an intent that may be at the broker, `one_owner` one attempt for a broker's order,
`one_open` one unfinished run of an account, and UNIQUE (account, plan_id, repeat) one execution of a plan.

Quantities are counted in units of an intent's `unit`: a share, or a thousandth where parts of shares are traded. An
exchange begins as PENDING between the sales and the buys, and the buys wait until it is DONE or REFUSED.
"""

from __future__ import annotations

TERMINAL = ("NOT_SENT", "REJECTED", "ABSENT", "FILLED", "CANCELLED")

_TABLES = """
CREATE TABLE identity (journal_id TEXT NOT NULL) STRICT;

CREATE TABLE lease (
    account TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    pid INTEGER NOT NULL,
    since TEXT NOT NULL
) STRICT;

CREATE TABLE run (
    run_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    broker TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('paper', 'mock', 'real')),
    plan_id TEXT NOT NULL,
    repeat INTEGER NOT NULL CHECK (repeat >= 0),
    policy_hash TEXT NOT NULL,
    session TEXT NOT NULL,
    trigger TEXT NOT NULL,
    work TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('SELL', 'BUY', 'ENDED')),
    status TEXT CHECK (status IN ('SUCCESS', 'PARTIAL', 'FAILED', 'UNKNOWN')),
    stopped_after TEXT,
    total_after TEXT,
    findings TEXT NOT NULL DEFAULT '[]',
    started_at TEXT NOT NULL,
    ended_at TEXT,
    UNIQUE (account, plan_id, repeat),
    CHECK ((phase = 'ENDED') = (ended_at IS NOT NULL)),
    CHECK (phase <> 'ENDED' OR status IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX one_open ON run (account) WHERE ended_at IS NULL;

CREATE TABLE intent (
    intent_id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run,
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    code TEXT NOT NULL,
    currency TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    limit_price TEXT CHECK (limit_price IS NULL OR CAST(limit_price AS REAL) > 0),
    UNIQUE (run_id, side, code)
) STRICT;

CREATE TABLE attempt (
    attempt_id TEXT PRIMARY KEY,
    intent_id INTEGER NOT NULL REFERENCES intent,
    n INTEGER NOT NULL CHECK (n > 0),
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    state TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    unknown_at TEXT,
    baseline TEXT NOT NULL,
    hint TEXT,
    number TEXT,
    filled INTEGER NOT NULL DEFAULT 0 CHECK (filled BETWEEN 0 AND quantity),
    amount TEXT NOT NULL DEFAULT '0',
    commission TEXT NOT NULL DEFAULT '0',
    reason TEXT NOT NULL DEFAULT '{}',
    UNIQUE (intent_id, n),
    CHECK (state IN ('SENDING', 'UNKNOWN', 'ACKED', 'PARTIAL', 'FILLED', 'CANCELLED',
                     'NOT_SENT', 'REJECTED', 'ABSENT')),
    CHECK ((state IN ('ACKED', 'PARTIAL', 'FILLED', 'CANCELLED')) = (number IS NOT NULL)),
    CHECK (state <> 'FILLED' OR filled = quantity),
    CHECK (state <> 'PARTIAL' OR filled BETWEEN 1 AND quantity - 1),
    CHECK (number IS NOT NULL OR filled = 0),
    CHECK (state NOT IN ('UNKNOWN', 'ACKED', 'PARTIAL', 'FILLED', 'CANCELLED', 'ABSENT') OR unknown_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX one_live ON attempt (intent_id) WHERE state NOT IN ('NOT_SENT', 'REJECTED', 'ABSENT');
CREATE UNIQUE INDEX one_owner ON attempt (account, session, number) WHERE number IS NOT NULL;

CREATE TABLE transfer (
    transfer_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DONE', 'REFUSED'))
) STRICT;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;
"""

_TRIGGERS = """
CREATE TRIGGER attempt_starts BEFORE INSERT ON attempt
WHEN NEW.state <> 'SENDING' OR NEW.number IS NOT NULL OR NEW.filled <> 0
    OR NEW.quantity > (SELECT quantity FROM intent WHERE intent_id = NEW.intent_id)
    OR (SELECT phase FROM run JOIN intent USING (run_id) WHERE intent_id = NEW.intent_id)
        <> (SELECT side FROM intent WHERE intent_id = NEW.intent_id)
BEGIN SELECT RAISE(ABORT, 'an attempt starts as SENDING, within its intent and in its phase'); END;

CREATE TRIGGER attempt_moves_forward BEFORE UPDATE OF state ON attempt
WHEN OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
    'SENDING>UNKNOWN', 'SENDING>NOT_SENT', 'SENDING>REJECTED',
    'UNKNOWN>ACKED', 'UNKNOWN>ABSENT',
    'ACKED>PARTIAL', 'ACKED>FILLED', 'ACKED>CANCELLED', 'PARTIAL>FILLED', 'PARTIAL>CANCELLED')
BEGIN SELECT RAISE(ABORT, 'a state moves forward only'); END;

CREATE TRIGGER attempt_keeps BEFORE UPDATE ON attempt
WHEN NEW.attempt_id IS NOT OLD.attempt_id OR NEW.intent_id IS NOT OLD.intent_id OR NEW.n IS NOT OLD.n
    OR NEW.account IS NOT OLD.account OR NEW.session IS NOT OLD.session OR NEW.quantity IS NOT OLD.quantity
    OR NEW.sent_at IS NOT OLD.sent_at OR NEW.baseline IS NOT OLD.baseline
    OR (OLD.number IS NOT NULL AND NEW.number IS NOT OLD.number)
    OR (OLD.unknown_at IS NOT NULL AND NEW.unknown_at IS NOT OLD.unknown_at)
    OR NEW.filled < OLD.filled
    OR (OLD.state IN ('NOT_SENT', 'REJECTED', 'ABSENT', 'FILLED', 'CANCELLED')
        AND (NEW.filled <> OLD.filled OR NEW.amount <> OLD.amount OR NEW.commission <> OLD.commission))
BEGIN SELECT RAISE(ABORT, 'what was sent is not rewritten and fills never fall'); END;

CREATE TRIGGER run_moves_forward BEFORE UPDATE ON run
WHEN OLD.phase = 'ENDED' OR (OLD.phase = 'BUY' AND NEW.phase = 'SELL')
    OR NEW.run_id IS NOT OLD.run_id OR NEW.account IS NOT OLD.account OR NEW.broker IS NOT OLD.broker
    OR NEW.mode IS NOT OLD.mode OR NEW.plan_id IS NOT OLD.plan_id OR NEW.repeat IS NOT OLD.repeat
    OR NEW.policy_hash IS NOT OLD.policy_hash OR NEW.session IS NOT OLD.session OR NEW.work IS NOT OLD.work
    OR NEW.started_at IS NOT OLD.started_at
BEGIN SELECT RAISE(ABORT, 'a run moves forward only'); END;

CREATE TRIGGER run_ends_when_all_is_known BEFORE UPDATE OF ended_at ON run
WHEN NEW.ended_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM attempt JOIN intent USING (intent_id) WHERE run_id = NEW.run_id
    AND state NOT IN ('NOT_SENT', 'REJECTED', 'ABSENT', 'FILLED', 'CANCELLED'))
BEGIN SELECT RAISE(ABORT, 'a run ends when every attempt has ended'); END;

CREATE TRIGGER transfer_moves_forward BEFORE UPDATE ON transfer
WHEN OLD.state <> 'PENDING' OR NEW.transfer_id IS NOT OLD.transfer_id OR NEW.run_id IS NOT OLD.run_id
    OR NEW.currency IS NOT OLD.currency OR NEW.amount IS NOT OLD.amount
BEGIN SELECT RAISE(ABORT, 'a transfer moves forward only'); END;

CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event)
    OR NEW.previous <> coalesce((SELECT hash FROM event ORDER BY seq DESC LIMIT 1), (SELECT journal_id FROM identity))
BEGIN SELECT RAISE(ABORT, 'an event follows the last one'); END;

CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'an event is not rewritten'); END;
CREATE TRIGGER intent_stays BEFORE UPDATE ON intent BEGIN SELECT RAISE(ABORT, 'an intent is not rewritten'); END;
"""

_KEEP = "".join(
    f"CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;\n"
    for table in ("identity", "run", "intent", "attempt", "transfer", "event", "lease")
)

_PARTS_AND_EXCHANGES = """
ALTER TABLE intent ADD COLUMN unit TEXT NOT NULL DEFAULT '1' CHECK (unit IN ('1', '0.001'));

CREATE TABLE exchange (
    exchange_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run,
    sold_currency TEXT NOT NULL,
    sold TEXT NOT NULL CHECK (CAST(sold AS REAL) > 0),
    bought_currency TEXT NOT NULL CHECK (bought_currency <> sold_currency),
    bought TEXT NOT NULL CHECK (CAST(bought AS REAL) >= 0),
    rate TEXT NOT NULL CHECK (CAST(rate AS REAL) > 0),
    cost TEXT NOT NULL CHECK (CAST(cost AS REAL) >= 0),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DONE', 'REFUSED')),
    UNIQUE (run_id, sold_currency, bought_currency)
) STRICT;

CREATE TRIGGER exchange_starts BEFORE INSERT ON exchange
WHEN NEW.state <> 'PENDING' OR (SELECT phase FROM run WHERE run_id = NEW.run_id) <> 'SELL'
BEGIN SELECT RAISE(ABORT, 'an exchange starts as PENDING, before the buys'); END;

CREATE TRIGGER exchange_moves_forward BEFORE UPDATE ON exchange
WHEN OLD.state <> 'PENDING' OR NEW.exchange_id IS NOT OLD.exchange_id OR NEW.run_id IS NOT OLD.run_id
    OR NEW.sold_currency IS NOT OLD.sold_currency OR NEW.sold IS NOT OLD.sold
    OR NEW.bought_currency IS NOT OLD.bought_currency OR NEW.bought IS NOT OLD.bought
    OR NEW.rate IS NOT OLD.rate OR NEW.cost IS NOT OLD.cost
BEGIN SELECT RAISE(ABORT, 'an exchange moves forward only'); END;

CREATE TRIGGER buys_follow_exchanges BEFORE UPDATE OF phase ON run
WHEN NEW.phase = 'BUY' AND EXISTS (SELECT 1 FROM exchange WHERE run_id = NEW.run_id AND state = 'PENDING')
BEGIN SELECT RAISE(ABORT, 'buys follow when every exchange is decided'); END;

CREATE TRIGGER run_ends_when_exchanges_are_decided BEFORE UPDATE OF ended_at ON run
WHEN NEW.ended_at IS NOT NULL AND EXISTS (SELECT 1 FROM exchange WHERE run_id = NEW.run_id AND state = 'PENDING')
BEGIN SELECT RAISE(ABORT, 'a run ends when every exchange is decided'); END;

CREATE TRIGGER exchange_is_kept BEFORE DELETE ON exchange BEGIN SELECT RAISE(ABORT, 'nothing is deleted'); END;
"""

MIGRATIONS = (_TABLES + _TRIGGERS + _KEEP, _PARTS_AND_EXCHANGES)
