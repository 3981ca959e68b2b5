-- 0016_parked: events that could not be applied to a row, and what people say about them.
--
-- The unit is (event, key). An event that cannot be applied parks its key; later events of the key
-- queue behind it, so the first position of a key is the one that is in the way and the others were
-- not tried. The projector, which has the code, carries out what people ask for here: whoever has
-- the lease looks for requests, works on them between two batches and moves the checkpoint's
-- revision in the same transaction, so that an owner that was frozen cannot.

alter table cairn.checkpoints
    add column revision bigint not null default 0,
    add constraint checkpoints_revision_is_not_negative check (revision >= 0);

comment on column cairn.checkpoints.revision is
    'Goes up whenever rows are changed without moving the position: parked events were tried again.';

create table cairn.parked (
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
create index parked_requests on cairn.parked (projection, generation, key, position)
    where request is not null;

comment on table cairn.parked is
    'Events that could not be applied to a row, and those that queue behind them: cairn parked shows, retries and skips them.';
comment on column cairn.parked.key is 'Of the row: it is marked, and is as it was before the event.';
comment on column cairn.parked.position is 'Of the event. The first of a key is in the way of the others.';
comment on column cairn.parked.reason is 'Why it could not be applied, or what it waits for.';
comment on column cairn.parked.parked_at is 'When it was, or was last tried.';
comment on column cairn.parked.attempts is 'How often it was tried; 0 for one that only waits.';
comment on column cairn.parked.request is 'What the projector is asked to do with it: retry, or skip.';

create table cairn.skipped (
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
    'Events that somebody decided not to apply to a row: what verify leaves out, too.';
comment on column cairn.skipped.key is 'Of the row that goes without the event.';
comment on column cairn.skipped.position is 'Of the event.';
comment on column cairn.skipped.reason is 'Why it could not be applied.';

grant select, insert, update, delete on cairn.parked, cairn.skipped to cairn_projector;
grant select on cairn.parked, cairn.skipped to cairn_writer, cairn_reader;

create function cairn.retry_parked(
    in_projection text,
    in_key text default null
) returns bigint
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        update cairn.parked p set request = 'retry'
            where p.projection = in_projection
                and (in_key is null or p.key = in_key)
                and p.position = (select min(q.position) from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key)
            returning p.key
    )
    select count(distinct key) from asked
$$;

comment on function cairn.retry_parked(text, text) is
    'Asks the projector to apply the parked events of a key (null: of all keys) again, in order. Returns how many keys.';
revoke all on function cairn.retry_parked(text, text) from public;
grant execute on function cairn.retry_parked(text, text) to cairn_projector;

create function cairn.skip_parked(
    in_projection text,
    in_key text,
    in_position bigint
) returns bigint
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        update cairn.parked p set request = 'skip'
            where p.projection = in_projection and p.key = in_key and p.position = in_position
                and not exists (select from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key and q.position < p.position)
            returning p.key
    )
    select count(distinct key) from asked
$$;

comment on function cairn.skip_parked(text, text, bigint) is
    'Asks the projector to go on with a key without the event that is in its way, which must be its first. Returns 1, or 0 if it is not.';
revoke all on function cairn.skip_parked(text, text, bigint) from public;
grant execute on function cairn.skip_parked(text, text, bigint) to cairn_projector;
