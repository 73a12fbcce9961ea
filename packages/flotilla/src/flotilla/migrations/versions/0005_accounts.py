"""Confirmed addresses, second factors, invitations, sessions with names."""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"

GLOBAL = """
-- unconfirmed: the mail address is not proven yet; waiting: for a moderator. Only active accounts have sessions. The
-- row of a deleted one stays, empty, so that nobody else takes its handle. email: proven ones only.
ALTER TABLE g.account
    DROP CONSTRAINT account_state_check,
    ADD CONSTRAINT account_state_check CHECK (state IN ('unconfirmed', 'waiting', 'active', 'suspended', 'deleted')),
    ADD COLUMN invited_by bigint,
    ADD COLUMN reason text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 1000);

-- The code is a bearer's right of little worth, and shown again to whoever made it: kept as it is.
CREATE TABLE g.invite (
    code text COLLATE "C" PRIMARY KEY,
    made_by bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    uses_max integer CHECK (uses_max > 0),
    uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0 AND (uses_max IS NULL OR uses <= uses_max))
);
CREATE INDEX invite_maker ON g.invite (made_by, made_at DESC);
"""

SHARD = """
-- last_seen is a day, so that reading pages writes at most once a day.
ALTER TABLE {shard}.sessions
    ADD COLUMN made_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_seen date NOT NULL DEFAULT current_date,
    ADD COLUMN device text NOT NULL DEFAULT '' CHECK (char_length(device) <= 100);

-- What a link in a mail, or the second step of signing in, proves; each works once. Only the token's SHA-256 is here.
CREATE TABLE {shard}.account_token (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    token_hash bytea,
    purpose text NOT NULL CHECK (purpose IN ('confirm', 'reset', 'second_step')),
    email text,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, token_hash)
);

-- The shared secret is made of the site's key and this nonce: a copy of the database alone gives no codes.
CREATE TABLE {shard}.second_factor (
    account_id bigint PRIMARY KEY REFERENCES {shard}.profile ON DELETE CASCADE,
    nonce bytea NOT NULL,
    active boolean NOT NULL DEFAULT false,
    last_step bigint NOT NULL DEFAULT 0,
    failures smallint NOT NULL DEFAULT 0,
    closed_until timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE TABLE {shard}.recovery_code (
    account_id bigint REFERENCES {shard}.second_factor ON DELETE CASCADE,
    code_hash bytea,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE {shard}.export (
    account_id bigint PRIMARY KEY REFERENCES {shard}.profile ON DELETE CASCADE,
    asked_at timestamptz NOT NULL DEFAULT now(),
    file_name text,
    bytes bigint,
    expires_at timestamptz
);
"""

UNDO = """
DROP TABLE g.invite;
DELETE FROM g.account WHERE state IN ('unconfirmed', 'waiting', 'deleted');
ALTER TABLE g.account
    DROP CONSTRAINT account_state_check,
    ADD CONSTRAINT account_state_check CHECK (state IN ('active', 'suspended')),
    DROP COLUMN invited_by,
    DROP COLUMN reason;
"""
UNDO_SHARD = """
DROP TABLE {shard}.account_token, {shard}.recovery_code, {shard}.second_factor, {shard}.export;
ALTER TABLE {shard}.sessions DROP COLUMN made_at, DROP COLUMN last_seen, DROP COLUMN device;
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
