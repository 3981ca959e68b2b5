-- 0007_projections: which generations of which read models there are, and how far each has come.
-- The rows themselves are in schema read, in tables that the projector makes from the field tables.

create table cairn.generations (
    projection text collate "C" not null,
    generation integer not null,
    code_version integer not null,
    made_at timestamptz not null default now(),
    complete_at timestamptz,
    live boolean not null default false,
    constraint generations_pkey primary key (projection, generation),
    constraint generations_number_is_positive check (generation > 0),
    constraint generations_live_is_complete check (not live or complete_at is not null)
);
create unique index generations_one_is_live on cairn.generations (projection) where live;

comment on table cairn.generations is
    'The built copies of each read model. The rows of generation 3 of NAME are in read.NAME_g3.';
comment on column cairn.generations.code_version is 'Version of the projection''s code that builds it.';
comment on column cairn.generations.complete_at is 'When it first reached the head of the log; until then nobody reads it.';
comment on column cairn.generations.live is 'The one that the view read.NAME shows.';

create table cairn.checkpoints (
    projection text collate "C" not null,
    generation integer not null,
    shard smallint not null default 0,
    epoch bigint not null,
    position bigint not null default 0,
    event_id uuid,
    fence bigint not null default 0,
    moved_at timestamptz not null default now(),
    stopped text,
    constraint checkpoints_pkey primary key (projection, generation, shard),
    constraint checkpoints_generation_fkey foreign key (projection, generation)
        references cairn.generations (projection, generation) on delete cascade,
    constraint checkpoints_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.checkpoints is
    'How far each generation has followed the log. Moves in the transaction that writes its rows.';
comment on column cairn.checkpoints.position is 'Everything up to here is in the rows.';
comment on column cairn.checkpoints.event_id is 'Of the event at that position: if the log has another one there, the rows belong to another history.';
comment on column cairn.checkpoints.fence is 'Number of the lease under which it was moved.';
comment on column cairn.checkpoints.stopped is 'Why it does not go on, if it does not.';

grant select, insert, update, delete on cairn.generations, cairn.checkpoints to cairn_projector;
grant select on cairn.generations, cairn.checkpoints to cairn_writer, cairn_reader;
