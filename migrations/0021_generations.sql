-- 0021_generations: read models are built beside the one that is read, and switched.
--
-- A generation is `building` while one attempt folds the log for it, then `following`, then
-- `dropped`: its table is gone and its row stays, so that no number is used twice. Of each code
-- version one generation is `serving`: queries that were compiled with that version read it. Of all
-- one is `live`: the view shows it. An attempt that dies is never resumed.

alter table cairn.generations
    add column state text not null default 'following',
    add column serving boolean not null default false,
    add column left_at timestamptz,
    add column kept_until timestamptz,
    add column dropped_at timestamptz,
    add column swept boolean not null default false;

update cairn.generations g
    set serving = true
    where g.complete_at is not null
        and g.generation = (select max(o.generation) from cairn.generations o
            where o.projection = g.projection and o.code_version = g.code_version
                and o.complete_at is not null);

-- Of before, nobody reads them but a projector of their code version, if there still is one.
update cairn.generations set kept_until = clock_timestamp() where not live;

alter table cairn.generations
    add constraint generations_state_is_known check (state in ('building', 'following', 'dropped')),
    add constraint generations_serving_is_complete
        check (not serving or (complete_at is not null and state = 'following')),
    add constraint generations_live_is_serving check (not live or serving),
    add constraint generations_building_is_not_complete check (state <> 'building' or complete_at is null);
create unique index generations_one_serves on cairn.generations (projection, code_version) where serving;

comment on column cairn.generations.state is
    'building: folded from the log by one attempt. following: kept up to date. dropped: its table is gone.';
comment on column cairn.generations.complete_at is 'When it was first fit to be read.';
comment on column cairn.generations.serving is 'Queries of its code version read it.';
comment on column cairn.generations.left_at is 'When queries left it last.';
comment on column cairn.generations.kept_until is 'Until then it is followed for a rollback, unless it is serving.';
comment on column cairn.generations.dropped_at is 'When its table was dropped.';
comment on column cairn.generations.swept is 'Its copy in Redis is gone, too.';

-- ---- building ----

create table cairn.rebuilds (
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
        'copying', 'following', 'comparing', 'held', 'done', 'cancelled', 'failed')),
    constraint rebuilds_end_is_final
        check ((ended_at is not null) = (phase in ('done', 'cancelled', 'failed')))
);
create unique index rebuilds_one_at_a_time on cairn.rebuilds (projection, code_version)
    where ended_at is null;

comment on table cairn.rebuilds is
    'Generations that are, were or will be built: cairn rebuild asks for them and shows how far they are.';
comment on column cairn.rebuilds.cause is
    'version: the code is of a new version. request: cairn rebuild. diverged: the one before is of another history than the log.';
comment on column cairn.rebuilds.diff is 'It is compared with the one that is read, and held if they differ.';
comment on column cairn.rebuilds.request is 'What people ask of it: accept (switch though it is held), cancel.';
comment on column cairn.rebuilds.generation is 'That is built; null while no projector has begun.';
comment on column cairn.rebuilds.fence is 'Of the lease under which it is built.';
comment on column cairn.rebuilds.done is 'Of the phase: positions read, rows loaded or copied, indexes made.';
comment on column cairn.rebuilds.total is 'Of the phase: what `done` ends at.';
comment on column cairn.rebuilds.events is 'Folded into rows.';
comment on column cairn.rebuilds.note is 'Why it is held, or failed.';
comment on column cairn.rebuilds.differences is 'Rows that differ from those of the one that is read; null: not compared.';
comment on column cairn.rebuilds.examples is 'Some of them, as a list: key, the row that is read, the new one; null where there is none.';
comment on column cairn.rebuilds.left_out is 'Columns that only one of the two has, or of another type: they were not compared.';

-- ---- switching ----

create table cairn.switches (
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
create index switches_waiting on cairn.switches (projection, code_version)
    where done_at is null and refused is null;

comment on table cairn.switches is
    'From which generation to which queries went, and when; and what cairn rollback asks for.';
comment on column cairn.switches.code_version is 'Of the generation: its projector does it.';
comment on column cairn.switches.before is 'The generation that was live before; null: none was.';
comment on column cairn.switches.refused is 'Why it was not done.';

grant select, insert, update, delete on cairn.rebuilds, cairn.switches to cairn_projector;
grant select on cairn.rebuilds, cairn.switches to cairn_writer, cairn_reader;

create function cairn.request_rebuild(
    in_projection text,
    in_diff boolean default false,
    out rebuild bigint,
    out is_new boolean
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    version integer;
begin
    select g.code_version into version
        from cairn.generations g
        where g.projection = in_projection and g.state <> 'dropped'
        order by g.live desc, g.generation desc
        limit 1;
    if version is null then
        raise exception using errcode = 'CA015', message = format('there is no read model %s', in_projection);
    end if;
    loop
        insert into cairn.rebuilds (projection, code_version, cause, diff)
            values (in_projection, version, 'request', in_diff)
            on conflict do nothing
            returning rebuilds.rebuild into rebuild;
        is_new := rebuild is not null;
        exit when is_new;
        update cairn.rebuilds r
            set diff = r.diff or in_diff
            where r.projection = in_projection and r.code_version = version and r.ended_at is null
            returning r.rebuild into rebuild;
        exit when rebuild is not null; -- else it has just ended
    end loop;
end
$$;
comment on function cairn.request_rebuild(text, boolean) is
    'Asks the projector for a new generation of a read model. Returns the rebuild; one that is under way serves, and is compared, too, if that is asked for.';

create function cairn.request_rollback(
    in_projection text,
    in_generation integer default null,
    out switch bigint,
    out generation integer,
    out code_version integer
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    select g.generation, g.code_version into generation, code_version
        from cairn.generations g
        where g.projection = in_projection and g.state = 'following' and g.complete_at is not null
            and not g.live
            and (in_generation is null or g.generation = in_generation)
            and (in_generation is not null or g.left_at is not null
                or g.code_version < (select l.code_version from cairn.generations l
                    where l.projection = in_projection and l.live))
        order by g.left_at desc nulls last, g.generation desc
        limit 1;
    if generation is null then
        raise exception using errcode = 'CA015',
            message = case when in_generation is null
                then format('there is no generation of %s to go back to', in_projection)
                else format('generation %s of %s is not followed, or is the one that is read', in_generation, in_projection) end;
    end if;
    insert into cairn.switches (projection, code_version, generation, cause)
        values (in_projection, request_rollback.code_version, request_rollback.generation, 'rollback')
        returning switches.switch into switch;
end
$$;
comment on function cairn.request_rollback(text, integer) is
    'Asks the projector to have a generation read again: the one that was before, or the one that is named.';

revoke all on function cairn.request_rebuild(text, boolean), cairn.request_rollback(text, integer) from public;
grant execute on function cairn.request_rebuild(text, boolean), cairn.request_rollback(text, integer)
    to cairn_projector;
