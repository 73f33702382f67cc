-- beside the register's own database, which the server makes: Prefect's
CREATE DATABASE choucha_prefect;
