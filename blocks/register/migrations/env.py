"""Alembic's entry: which tables there should be, and in which database."""

from alembic import context
from sqlalchemy import create_engine, pool

from blocks.register import Base
from blocks.settings import database_url

url = context.config.get_main_option("sqlalchemy.url") or database_url()
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata,
                      transaction_per_migration=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
