#!/bin/bash
# 10-cairn.sh - run by PostgreSQL's image when the cluster is new: the database, its owner, and the
# roles of the services (migrations/0050_roles.sql), each with the password of its URL.
set -euo pipefail

# The password in a URL: postgresql://role:PASSWORD@host/database.
password() {
    local url
    url=$(<"/run/secrets/$1_url")
    url=${url#*://*:}
    printf '%s' "${url%%@*}"
}

psql -v ON_ERROR_STOP=1 --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    -v owner="$(password owner)" -v writer="$(password writer)" \
    -v projector="$(password projector)" -v reader="$(password reader)" \
    -v consumer="$(password consumer)" <<'SQL'
create role cairn_owner login createrole password :'owner';
create role cairn_writer login password :'writer';
create role cairn_projector login password :'projector';
create role cairn_reader login password :'reader';
create role cairn_consumer login password :'consumer';
grant cairn_writer, cairn_projector, cairn_reader, cairn_consumer to cairn_owner with admin option;
create database cairn owner cairn_owner;
SQL
