"""Reports, sanctions, blocked addresses, the audit log, rules, announcements, settings of the site.

All of it is about the site as a whole, so it stands in the global schema; only what a person has read of the
announcements lies with that person. The log of what moderators did can be added to and read, not changed: the
application has no right to (store/migrating.py).
"""

from flotilla.migrations import everywhere

__all__ = ["SHARD", "down_revision", "downgrade", "revision", "upgrade"]

revision = "0006"
down_revision = "0005"

GLOBAL = """
-- silenced: its posts are seen by its followers only; force_sensitive: its pictures are covered until asked for.
ALTER TABLE g.account
    ADD COLUMN role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'moderator', 'admin')),
    ADD COLUMN silenced boolean NOT NULL DEFAULT false,
    ADD COLUMN force_sensitive boolean NOT NULL DEFAULT false,
    ADD COLUMN rules_accepted_at timestamptz;
-- Those who are anything else than members in good standing are few: their lists never read the others.
CREATE INDEX account_staff ON g.account (id) WHERE role <> 'member';
CREATE INDEX account_limited ON g.account (id) WHERE silenced OR force_sensitive;
CREATE INDEX account_state ON g.account (state, id) WHERE state <> 'active';

CREATE TABLE g.rule (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position integer NOT NULL,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 300),
    hint text NOT NULL DEFAULT '' CHECK (char_length(hint) <= 1000),
    retired_at timestamptz
);

-- posts: what was reported, as it stood then; their authors may edit or delete them meanwhile.
CREATE TABLE g.report (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reporter_id bigint NOT NULL,
    account_id bigint NOT NULL,
    category text NOT NULL CHECK (category IN ('spam', 'legal', 'violation', 'other')),
    comment text NOT NULL DEFAULT '' CHECK (char_length(comment) <= 1000),
    rule_ids bigint[] NOT NULL DEFAULT '{}',
    posts jsonb NOT NULL DEFAULT '[]',
    made_at timestamptz NOT NULL DEFAULT now(),
    assigned_to bigint,
    resolved_at timestamptz,
    resolved_by bigint
);
CREATE INDEX report_open ON g.report (id DESC) WHERE resolved_at IS NULL;
CREATE INDEX report_resolved ON g.report (id DESC) WHERE resolved_at IS NOT NULL;
CREATE INDEX report_account ON g.report (account_id, id DESC);
CREATE INDEX report_reporter ON g.report (reporter_id, id DESC);

CREATE TABLE g.report_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id bigint NOT NULL REFERENCES g.report ON DELETE CASCADE,
    author_id bigint NOT NULL,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 2000),
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX report_note_report ON g.report_note (report_id, id);

-- Every measure against a person, undone or not: their strikes. post_ids: those it changed. state_before: that of the
-- account, to which undoing a suspension returns.
CREATE TABLE g.sanction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('warn', 'sensitive', 'remove', 'force_sensitive', 'silence', 'suspend')),
    text text NOT NULL DEFAULT '' CHECK (char_length(text) <= 2000),
    post_ids bigint[] NOT NULL DEFAULT '{}',
    report_id bigint,
    state_before text NOT NULL DEFAULT '',
    made_by bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    undone_by bigint,
    undone_at timestamptz
);
CREATE INDEX sanction_account ON g.sanction (account_id, id DESC);

-- actor and subject are names as well as ids: the log stays readable when the people are gone.
CREATE TABLE g.audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now(),
    actor_id bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    account_id bigint,
    subject text NOT NULL,
    before jsonb NOT NULL DEFAULT '{}',
    after jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_actor ON g.audit_log (actor_id, id DESC);
CREATE INDEX audit_log_action ON g.audit_log (action, id DESC);
CREATE INDEX audit_log_account ON g.audit_log (account_id, id DESC) WHERE account_id IS NOT NULL;

CREATE TABLE g.ip_block (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network cidr NOT NULL UNIQUE,
    severity text NOT NULL CHECK (severity IN ('sign_up', 'access')),
    comment text NOT NULL DEFAULT '' CHECK (char_length(comment) <= 300),
    expires_at timestamptz,
    made_by bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE g.mail_domain_block (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain text COLLATE "C" NOT NULL UNIQUE,
    comment text NOT NULL DEFAULT '' CHECK (char_length(comment) <= 300),
    made_by bigint NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE g.announcement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 1000),
    starts_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz,
    made_by bigint NOT NULL,
    CHECK (ends_at > starts_at)
);

CREATE TABLE g.site_setting (
    name text PRIMARY KEY,
    value jsonb NOT NULL
);

-- For those who look through the invitations of all.
CREATE INDEX invite_newest ON g.invite (made_at DESC, code);

-- What a day came to, written once the day is over.
CREATE TABLE g.daily_statistics (
    day date PRIMARY KEY,
    people integer NOT NULL,
    joined integer NOT NULL,
    active_day integer NOT NULL,
    active_week integer NOT NULL,
    active_month integer NOT NULL,
    posts integer NOT NULL,
    reports integer NOT NULL
);
"""

SHARD = """
ALTER TABLE {shard}.profile ADD COLUMN announcements_dismissed bigint[] NOT NULL DEFAULT '{{}}';

-- From where people sign in, for moderators who look for somebody's other accounts; forgotten after some weeks.
CREATE TABLE {shard}.seen_address (
    account_id bigint REFERENCES {shard}.profile ON DELETE CASCADE,
    address inet,
    last_day date NOT NULL DEFAULT current_date,
    PRIMARY KEY (account_id, address)
);
CREATE INDEX seen_address_day ON {shard}.seen_address (last_day);
CREATE INDEX seen_address_address ON {shard}.seen_address (address, account_id DESC);
"""

UNDO = """
DROP TABLE g.report_note, g.report, g.rule, g.sanction, g.audit_log, g.ip_block, g.mail_domain_block, g.announcement,
    g.site_setting, g.daily_statistics;
DROP INDEX g.account_state, g.invite_newest;
ALTER TABLE g.account
    DROP COLUMN role, DROP COLUMN silenced, DROP COLUMN force_sensitive, DROP COLUMN rules_accepted_at;
"""
UNDO_SHARD = """
DROP TABLE {shard}.seen_address;
ALTER TABLE {shard}.profile DROP COLUMN announcements_dismissed;
"""


def upgrade() -> None:
    everywhere.run(GLOBAL, SHARD)


def downgrade() -> None:
    everywhere.run(UNDO, UNDO_SHARD)
