#!/bin/bash
# 10-roles.sh - run by PostgreSQL's image when its volume is new: the database, its owner, who runs
# the migrations, and the role of the services, which may append events, follow the log, and read.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v owner="${CAIRN_OWNER_PASSWORD:?}" -v service="${CAIRN_SERVICE_PASSWORD:?}" <<'SQL'
create role cairn_owner login createrole password :'owner';
create role cairn_writer;
create role cairn_projector;
create role cairn_reader;
create role cairn_consumer;
grant cairn_writer, cairn_projector, cairn_reader, cairn_consumer to cairn_owner with admin option;
create role cairn_service login password :'service'
    in role cairn_writer, cairn_projector, cairn_reader, cairn_consumer;
create database cairn owner cairn_owner;
SQL
