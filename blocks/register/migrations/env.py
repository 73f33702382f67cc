"""Alembic's entry: which tables there should be, and in which database."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from blocks.register import Base
from blocks.settings import database_url


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata,
                      transaction_per_migration=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")  # of who wants to look at the tables and take them back
if given is None:
    url = context.config.get_main_option("sqlalchemy.url") or database_url()
    with create_engine(url, poolclass=pool.NullPool).connect() as own:
        migrate(own)
else:
    migrate(given)
