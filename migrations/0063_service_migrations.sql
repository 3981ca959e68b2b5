-- 0063_service_migrations: creates the record of the migrations that services have of their own, for tables
-- beside the log and the read models: `cairn migrate SCHEMA DIRECTORY`.

create table if not exists cairn.service_migrations (
    schema text collate "C" not null,
    name text collate "C" not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    constraint service_migrations_pkey primary key (schema, name)
);
comment on table cairn.service_migrations is 'Migrations of services that were applied, by their schema.';
comment on column cairn.service_migrations.schema is 'The schema of the service''s tables: notification.';
comment on column cairn.service_migrations.name is '0001_tables, or repeatable/views.';
comment on column cairn.service_migrations.checksum is 'SHA-256 of the file, in hex.';
grant select on cairn.service_migrations to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
