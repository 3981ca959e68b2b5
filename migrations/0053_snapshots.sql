-- 0053_snapshots: creates the table of snapshots, which spare folding a long stream from its first event.

create table if not exists cairn.snapshots (
    shard smallint not null,
    stream text collate "C" not null,
    kind text collate "C" not null,
    code_version integer not null,
    version bigint not null,
    event_id uuid not null,
    state json not null,
    made_at timestamptz not null,
    constraint snapshots_pkey primary key (shard, stream, kind),
    constraint snapshots_version_is_positive check (version > 0)
);

comment on table cairn.snapshots is
    'States of streams at some version. A cache: rows may be deleted at any time.';
comment on column cairn.snapshots.kind is
    'The decider or fact that folds: the decider''s category, or service and fact, as in order:order_customer.';
comment on column cairn.snapshots.code_version is
    'Version of the folding code; code of another version ignores the snapshot.';
comment on column cairn.snapshots.version is 'Of the last event that is in the state.';
comment on column cairn.snapshots.event_id is
    'Id of that event. If the log has another event at this version, the snapshot belongs to another history.';
comment on column cairn.snapshots.state is 'The state, encoded by its field table.';
grant select on cairn.snapshots to cairn_writer, cairn_reader;
