"""The portal: passwords, sessions, tokens, and submissions that have one effect."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account(table: str) -> list:
    return [sa.Column("account_id", sa.BigInteger(), nullable=False),
            sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=f"fk_{table}_account_id")]


def upgrade() -> None:
    op.create_table(
        "credentials", *_account("credentials"),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        _time("locked_until", nullable=True), _time("changed_at"),
        sa.PrimaryKeyConstraint("account_id", name="pk_credentials"))
    op.create_table(
        "web_sessions", sa.Column("token_hash", sa.Text(), nullable=False), *_account("web_sessions"),
        sa.Column("csrf", sa.Text(), nullable=False), _time("made_at"), _time("seen_at"),
        _time("ended_at", nullable=True), sa.PrimaryKeyConstraint("token_hash", name="pk_web_sessions"))
    op.create_table(
        "api_tokens", sa.Column("token_hash", sa.Text(), nullable=False), *_account("api_tokens"),
        _time("made_at"), _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_api_tokens"))
    for table in ("web_sessions", "api_tokens"):
        op.create_index(f"ix_{table}_account_id", table, ["account_id"])
    op.create_table(
        "submissions", sa.Column("key", sa.Text(), nullable=False), *_account("submissions"),
        sa.Column("outcome", sa.dialects.postgresql.JSONB()),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("key", "account_id", name="pk_submissions"))


def downgrade() -> None:
    for table in ("submissions", "api_tokens", "web_sessions", "credentials"):
        op.drop_table(table)
