#!/bin/sh
# Run once by the database's container when its volume is new: the role that Rollcall uses, which is no superuser, so
# that the triggers which keep the registers' rules hold for it, and its database.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE rollcall LOGIN PASSWORD :'password';
CREATE DATABASE rollcall OWNER rollcall;
SQL
