-- 0051_log: creates the log, the identity of the store, and the tables that say which types of events
-- the log has.

create table if not exists cairn.store (
    single boolean not null default true,
    store_id uuid not null default gen_random_uuid(),
    epoch bigint not null default 1,
    created_at timestamptz not null default now(),
    constraint store_pkey primary key (single),
    constraint store_has_one_row check (single),
    constraint store_epoch_is_positive check (epoch > 0)
);
insert into cairn.store default values on conflict on constraint store_pkey do nothing;

comment on table cairn.store is 'The identity of this store, and the epoch of its history.';
comment on column cairn.store.store_id is 'Generated once. Position tokens and the copies in Redis carry it.';
comment on column cairn.store.epoch is
    'Increases when the store is restored to an older state: positions of another epoch have no meaning here.';
grant select on cairn.store to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;

-- ---- events ----

-- The append functions guarantee what check constraints on positions and versions would: PostgreSQL
-- parses the expression of a check constraint for every statement. `cairn verify` proves it instead.
-- Rows are only ever added at the end: autovacuum has nothing to do but the visibility map.
create table if not exists cairn.events (
    shard smallint not null,
    position bigint not null,
    stream text collate "C" not null,
    version bigint not null,
    type text collate "C" not null,
    schema_version integer not null,
    event_id uuid not null,
    data json not null,
    meta json not null,
    recorded_at timestamptz not null,
    constraint events_pkey primary key (shard, position),
    constraint events_stream_version_key unique (shard, stream, version)
) with (autovacuum_vacuum_insert_scale_factor = 0.1);

comment on table cairn.events is
    'Every event, in order. Rows are inserted by the append functions and never changed.';
comment on column cairn.events.shard is 'Always 0 in this version.';
comment on column cairn.events.position is 'Place in the whole log: 1, 2, 3, ... in the order of the commits.';
comment on column cairn.events.stream is 'The stream that it belongs to: category, "-", id.';
comment on column cairn.events.version is 'Place in its stream: 1, 2, 3, ...';
comment on column cairn.events.type is 'What happened, in the past tense.';
comment on column cairn.events.schema_version is 'The version of the type''s fields that data has.';
comment on column cairn.events.event_id is 'UUID of the event.';
comment on column cairn.events.data is 'The fields of the event. Text as written: cast to jsonb for its operators.';
comment on column cairn.events.meta is 'Correlation, causation, service, trace, claims.';
comment on column cairn.events.recorded_at is 'When it was appended; never earlier than the event before it.';
grant select on cairn.events to cairn_writer, cairn_projector, cairn_reader;

create or replace function cairn.refuse_change() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using
        errcode = 'CA005',
        message = format('%I.%I is append-only: %s is refused', tg_table_schema, tg_table_name, lower(tg_op)),
        hint = 'Record what has changed as a new event.';
end
$$;
comment on function cairn.refuse_change() is 'Trigger: refuses changes of an append-only table.';

create or replace trigger events_are_never_changed
    before update or delete or truncate on cairn.events
    for each statement execute function cairn.refuse_change();
alter table cairn.events enable always trigger events_are_never_changed;

-- A table's lock in mode exclusive can be acquired by its owner alone; an advisory lock could be
-- acquired by every role that may connect, and would block all appends.
create table if not exists cairn.append_lock ();
comment on table cairn.append_lock is
    'Has no rows: the append functions hold its lock, in mode exclusive, while they assign positions.';

-- ---- types ----

create table if not exists cairn.event_types (
    category text collate "C" not null,
    type text collate "C" not null,
    schema_version integer not null,
    constraint event_types_pkey primary key (category, type, schema_version)
);
comment on table cairn.event_types is
    'Every type of event in the log, with every version of its fields. A service that cannot read one refuses to start.';
grant select on cairn.event_types to cairn_writer, cairn_projector, cairn_reader;

create table if not exists cairn.declared_types (
    category text collate "C" not null,
    type text collate "C" not null,
    constraint declared_types_pkey primary key (category, type)
);
comment on table cairn.declared_types is
    'Every type of event that a service which writes the category has ever declared. cairn.append accepts no others for it.';
grant select on cairn.declared_types to cairn_writer, cairn_projector, cairn_reader;

-- ---- amendments ----

-- The log is never changed. But an event that cannot be read, or whose type no service knows, would
-- keep services from starting and block its stream. An amendment stands beside the log and says how
-- such an event is read: with other data, or not at all.
create table if not exists cairn.amendments (
    position bigint not null,
    event_id uuid not null,
    data json,
    reason text not null,
    made_by text not null default session_user,
    made_at timestamptz not null default clock_timestamp(),
    constraint amendments_pkey primary key (position)
);
comment on table cairn.amendments is
    'How events are read that cannot be read as they are: with other data, or not at all. Processes read it when they start.';
comment on column cairn.amendments.data is 'Read in place of the event''s data, in its schema version; null: the event is skipped.';
grant select on cairn.amendments to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
