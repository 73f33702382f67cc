"""What `choucha up` starts on this machine: PostgreSQL, Prefect's server, a worker, the site."""
