-- 0002_events: the log, and the store's identity.

create table cairn.store (
    single boolean not null default true,
    store_id uuid not null default gen_random_uuid(),
    epoch bigint not null default 1,
    created_at timestamptz not null default now(),
    constraint store_pkey primary key (single),
    constraint store_has_one_row check (single),
    constraint store_epoch_is_positive check (epoch > 0)
);
insert into cairn.store default values;

comment on table cairn.store is 'Which store this is, and which of its histories.';
comment on column cairn.store.store_id is 'Made once; tokens and copies in Redis carry it.';
comment on column cairn.store.epoch is
    'Goes up when the store is taken back to an older state: positions of another epoch mean nothing here.';
grant select on cairn.store to cairn_writer, cairn_projector, cairn_reader;

create table cairn.events (
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
    constraint events_stream_version_key unique (shard, stream, version),
    constraint events_position_is_positive check (position > 0),
    constraint events_version_is_positive check (version > 0)
);

comment on table cairn.events is
    'Every event that ever happened, in order. Rows are appended by cairn.append_events and never changed.';
comment on column cairn.events.shard is 'Always 0 in this version.';
comment on column cairn.events.position is 'Place in the whole log: 1, 2, 3, ... in the order of the commits.';
comment on column cairn.events.stream is 'What it happened to: category, "-", id.';
comment on column cairn.events.version is 'Place in its stream: 1, 2, 3, ...';
comment on column cairn.events.type is 'What happened, in the past tense.';
comment on column cairn.events.schema_version is 'Which version of the type''s fields data has.';
comment on column cairn.events.event_id is 'UUID of the event.';
comment on column cairn.events.data is 'What the event says. Text as written: cast to jsonb for its operators.';
comment on column cairn.events.meta is
    'How it came about: correlation, causation, service, trace, claims.';
comment on column cairn.events.recorded_at is 'When it was appended; never earlier than the event before it.';

create function cairn.refuse_change() returns trigger
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    raise exception using
        errcode = 'CA005',
        message = format('%I.%I is append-only: %s is refused', tg_table_schema, tg_table_name, lower(tg_op)),
        hint = 'Record what has changed as a new event.';
end
$$;
comment on function cairn.refuse_change() is 'Trigger: refuses to change what has happened.';

create trigger events_are_never_changed
    before update or delete or truncate on cairn.events
    for each statement execute function cairn.refuse_change();
alter table cairn.events enable always trigger events_are_never_changed;

-- The log grows at its end only: nothing there to vacuum but the visibility map.
alter table cairn.events set (autovacuum_vacuum_insert_scale_factor = 0.1);

grant select on cairn.events to cairn_writer, cairn_projector, cairn_reader;
