-- 0064_declared_versions: adds the newest version of each declared type of events: what is appended by
-- hand is of that version.

alter table cairn.declared_types add column if not exists schema_version integer not null default 1;
comment on column cairn.declared_types.schema_version is 'The newest version that a service has declared.';
