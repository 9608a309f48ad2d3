#!/bin/sh
# Run once by the database's container when its volume is new: the database, the role that owns it, and the role that
# Rollcall works as, which cannot touch the history. Neither is a superuser, so that triggers hold for both.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" --set owner_password="$DATABASE_OWNER_PASSWORD" \
    --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE rollcall LOGIN PASSWORD :'owner_password';
CREATE ROLE rollcall_app LOGIN PASSWORD :'password';
CREATE DATABASE rollcall OWNER rollcall;
SQL
