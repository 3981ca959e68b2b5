-- 0055_read_models: creates the tables about read models: generations, checkpoints, parked events,
-- rebuilds, switches. The rows of the read models are in schema read, in tables that the projector
-- creates from the field tables.

-- ---- generations ----

-- A generation is `building` while one attempt folds the log for it, then `following`, then `dropped`:
-- its table is gone, and its row stays so that no number is used twice. Per code version one
-- generation is `serving`: queries compiled with that version read it. One of all is `live`: the view
-- shows it. An attempt that is interrupted is never resumed; the next one starts over.
create table if not exists cairn.generations (
    projection text collate "C" not null,
    generation integer not null,
    code_version integer not null,
    made_at timestamptz not null default now(),
    complete_at timestamptz,
    live boolean not null default false,
    state text not null default 'following',
    serving boolean not null default false,
    left_at timestamptz,
    kept_until timestamptz,
    dropped_at timestamptz,
    swept boolean not null default false,
    in_the_way text,
    constraint generations_pkey primary key (projection, generation),
    constraint generations_number_is_positive check (generation > 0),
    constraint generations_live_is_complete check (not live or complete_at is not null),
    constraint generations_state_is_known check (state in ('building', 'following', 'dropped')),
    constraint generations_serving_is_complete
        check (not serving or (complete_at is not null and state = 'following')),
    constraint generations_live_is_serving check (not live or serving),
    constraint generations_building_is_not_complete check (state <> 'building' or complete_at is null)
);
create unique index if not exists generations_one_is_live on cairn.generations (projection) where live;
create unique index if not exists generations_one_serves on cairn.generations (projection, code_version)
    where serving;

comment on table cairn.generations is
    'The generations of each read model. The rows of generation 3 of NAME are in read.NAME_g3.';
comment on column cairn.generations.code_version is 'Version of the projection''s code that builds it.';
comment on column cairn.generations.complete_at is 'When it first became fit to be read.';
comment on column cairn.generations.live is 'The view read.NAME shows this generation.';
comment on column cairn.generations.state is
    'building: being folded from the log by one attempt. following: kept up to date. dropped: its table is gone.';
comment on column cairn.generations.serving is 'Queries of its code version read it.';
comment on column cairn.generations.left_at is 'When queries last switched away from it.';
comment on column cairn.generations.kept_until is
    'Until then it is kept up to date for a rollback, unless it is serving.';
comment on column cairn.generations.dropped_at is 'When its table was dropped.';
comment on column cairn.generations.swept is 'Its copy in Redis is deleted, too.';
comment on column cairn.generations.in_the_way is
    'Objects that depend on its table and keep it from being dropped; the drop is retried from time to time.';

-- ---- checkpoints ----

create table if not exists cairn.checkpoints (
    projection text collate "C" not null,
    generation integer not null,
    shard smallint not null default 0,
    epoch bigint not null,
    position bigint not null default 0,
    event_id uuid,
    fence bigint not null default 0,
    moved_at timestamptz not null default now(),
    stopped text,
    revision bigint not null default 0,
    constraint checkpoints_pkey primary key (projection, generation, shard),
    constraint checkpoints_generation_fkey foreign key (projection, generation)
        references cairn.generations (projection, generation) on delete cascade,
    constraint checkpoints_position_is_not_negative check (position >= 0),
    constraint checkpoints_revision_is_not_negative check (revision >= 0)
) with (fillfactor = 50);

comment on table cairn.checkpoints is
    'How far each generation has followed the log. Moved in the transaction that writes the rows.';
comment on column cairn.checkpoints.position is 'The rows contain every event up to this position.';
comment on column cairn.checkpoints.event_id is
    'Of the event at that position: if the log has another one there, the rows belong to another history.';
comment on column cairn.checkpoints.fence is 'Fence of the lease under which it was moved.';
comment on column cairn.checkpoints.stopped is 'Why the generation is stopped; null while it is not.';
comment on column cairn.checkpoints.revision is
    'Increases when rows change without a move of the position, because parked events were retried.';
grant select, insert, update, delete on cairn.generations, cairn.checkpoints to cairn_projector;
grant select on cairn.generations, cairn.checkpoints to cairn_writer, cairn_reader;

-- ---- parked events ----

-- The unit is (event, key). An event that cannot be applied parks its key; later events of the key
-- queue behind it, so the first position of a key is the failed event and the others were not tried.
-- The projector, which has the code, executes the requests that people make here: the owner of the
-- lease looks for them between two batches and increases the checkpoint's revision in the same
-- transaction, so that a former owner cannot.
create table if not exists cairn.parked (
    projection text collate "C" not null,
    generation integer not null,
    key text collate "C" not null,
    position bigint not null,
    event_id uuid not null,
    reason text not null,
    parked_at timestamptz not null default clock_timestamp(),
    attempts integer not null default 0,
    request text,
    constraint parked_pkey primary key (projection, generation, key, position),
    constraint parked_generation_fkey foreign key (projection, generation)
        references cairn.generations (projection, generation) on delete cascade,
    constraint parked_attempts_are_not_negative check (attempts >= 0),
    constraint parked_request_is_known check (request in ('retry', 'skip'))
);
create index if not exists parked_requests on cairn.parked (projection, generation, key, position)
    where request is not null;

comment on table cairn.parked is
    'Events that could not be applied to a row, and those queued behind them. `cairn parked` shows, retries and skips them.';
comment on column cairn.parked.key is 'Of the row, which is marked and stays as it was before the event.';
comment on column cairn.parked.position is 'Of the event. The first of a key is the one that failed.';
comment on column cairn.parked.reason is 'Why it could not be applied, or what it waits for.';
comment on column cairn.parked.parked_at is 'When it was parked, or last tried.';
comment on column cairn.parked.attempts is 'How often it was tried; 0 for one that only waits.';
comment on column cairn.parked.request is 'What the projector is asked to do with it: retry or skip.';

create table if not exists cairn.skipped (
    projection text collate "C" not null,
    generation integer not null,
    key text collate "C" not null,
    position bigint not null,
    event_id uuid not null,
    reason text not null,
    skipped_at timestamptz not null default clock_timestamp(),
    constraint skipped_pkey primary key (projection, generation, key, position),
    constraint skipped_generation_fkey foreign key (projection, generation)
        references cairn.generations (projection, generation) on delete cascade
);

comment on table cairn.skipped is
    'Events that an operator decided not to apply to a row; verification skips them, too.';
comment on column cairn.skipped.key is 'Of the row that lacks the event.';
comment on column cairn.skipped.position is 'Of the event.';
comment on column cairn.skipped.reason is 'Why it could not be applied.';

grant select, insert, update, delete on cairn.parked, cairn.skipped to cairn_projector;
grant select on cairn.parked, cairn.skipped to cairn_writer, cairn_reader;

-- ---- rebuilds ----

create table if not exists cairn.rebuilds (
    rebuild bigint generated always as identity,
    projection text collate "C" not null,
    code_version integer not null,
    cause text not null,
    diff boolean not null default false,
    request text,
    generation integer,
    fence bigint not null default 0,
    phase text not null default 'waiting',
    done bigint not null default 0,
    total bigint not null default 0,
    events bigint not null default 0,
    rows bigint not null default 0,
    requested_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    phase_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    note text,
    differences bigint,
    examples json,
    left_out text,
    constraint rebuilds_pkey primary key (rebuild),
    constraint rebuilds_cause_is_known check (cause in ('version', 'request', 'diverged')),
    constraint rebuilds_request_is_known check (request in ('accept', 'cancel')),
    constraint rebuilds_phase_is_known check (phase in ('waiting', 'reading', 'loading', 'indexing',
        'copying', 'following', 'comparing', 'held', 'done', 'cancelled')),
    constraint rebuilds_end_is_final check ((ended_at is not null) = (phase in ('done', 'cancelled')))
);
create unique index if not exists rebuilds_one_at_a_time on cairn.rebuilds (projection, code_version)
    where ended_at is null;

comment on table cairn.rebuilds is
    'Builds of new generations, past and present: `cairn rebuild` requests them and shows their progress. A failed attempt is retried until the rebuild is done or cancelled.';
comment on column cairn.rebuilds.cause is
    'version: the code has a new version. request: `cairn rebuild`. diverged: the generation before belongs to another history than the log.';
comment on column cairn.rebuilds.diff is 'It is compared with the generation that is read, and held if they differ.';
comment on column cairn.rebuilds.request is 'What an operator asks for: accept (switch although it is held) or cancel.';
comment on column cairn.rebuilds.generation is 'The generation that is built; null until a projector has started.';
comment on column cairn.rebuilds.fence is 'Of the lease under which it is built.';
comment on column cairn.rebuilds.done is 'Progress in the phase: positions read, rows loaded or copied, indexes created.';
comment on column cairn.rebuilds.total is 'The value of `done` at which the phase ends.';
comment on column cairn.rebuilds.events is 'Number of events folded into rows.';
comment on column cairn.rebuilds.note is 'Why it is held, or why the previous attempt failed.';
comment on column cairn.rebuilds.differences is
    'Number of rows that differ from those of the generation that is read; null: not compared.';
comment on column cairn.rebuilds.examples is
    'Some of them, as a list: key, the row that is read, the new row; null where there is none.';
comment on column cairn.rebuilds.left_out is
    'Columns that only one of the two has, or that differ in type: they were not compared.';

-- ---- switches ----

create table if not exists cairn.switches (
    switch bigint generated always as identity,
    projection text collate "C" not null,
    code_version integer not null,
    generation integer not null,
    before integer,
    cause text not null,
    requested_at timestamptz not null default clock_timestamp(),
    done_at timestamptz,
    refused text,
    constraint switches_pkey primary key (switch),
    constraint switches_cause_is_known check (cause in ('rebuild', 'rollback')),
    constraint switches_generation_fkey foreign key (projection, generation)
        references cairn.generations (projection, generation)
);
create index if not exists switches_waiting on cairn.switches (projection, code_version)
    where done_at is null and refused is null;

comment on table cairn.switches is
    'Switches of queries from one generation to another, done and requested (by `cairn rollback`).';
comment on column cairn.switches.code_version is 'Of the generation; the projector of this version does the switch.';
comment on column cairn.switches.before is 'The generation that was live before; null: there was none.';
comment on column cairn.switches.refused is 'Why it was not done.';

grant select, insert, update, delete on cairn.rebuilds, cairn.switches to cairn_projector;
grant select on cairn.rebuilds, cairn.switches to cairn_writer, cairn_reader;
