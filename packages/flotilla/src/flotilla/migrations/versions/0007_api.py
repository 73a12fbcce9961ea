"""Apps, their tokens and codes.

An app is known to the whole site; what a person let it do lives with that person. Secrets, tokens and codes are kept as
SHA-256 alone: they are random enough that nothing slower is needed.
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0007"
down_revision = "0006"

GLOBAL = """
CREATE TABLE g.app (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    client_id text COLLATE "C" NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    website text NOT NULL DEFAULT '',
    redirect_uris text[] NOT NULL,
    scopes text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Tokens of apps that act for nobody: they read what is public, and sign people up.
CREATE TABLE g.app_token (
    token_hash bytea PRIMARY KEY,
    app_id bigint NOT NULL REFERENCES g.app ON DELETE CASCADE,
    scopes text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX app_made ON g.app (created_at);
CREATE INDEX app_token_app ON g.app_token (app_id, created_at);
"""

SHARD = """
CREATE TABLE {shard}.access_token (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    token_hash bytea,
    app_id bigint NOT NULL,
    scopes text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, token_hash)
);
CREATE INDEX access_token_app ON {shard}.access_token (app_id);

-- token_hash: the token that the code was exchanged for; whoever shows the code again ends that token.
CREATE TABLE {shard}.authorization_code (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    code_hash bytea,
    app_id bigint NOT NULL,
    redirect_uri text NOT NULL,
    scopes text NOT NULL,
    challenge text NOT NULL,
    expires_at timestamptz NOT NULL,
    token_hash bytea,
    PRIMARY KEY (account_id, code_hash)
);
"""

UNDO = "DROP TABLE g.app_token, g.app"
UNDO_SHARD = "DROP TABLE {shard}.authorization_code, {shard}.access_token"


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
