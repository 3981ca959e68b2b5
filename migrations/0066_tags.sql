-- 0066_tags: creates the index by which events are found under their tags, in whichever stream they are.
--
-- A tag is a name and a value, "course:42". An event has any number of them. They are written in the same
-- append as the event, whose meta records them, so that the table can be verified against the log and
-- rebuilt from it. Appends can be made on the condition that no event with a tag has come since a position
-- (cairn.append_batch, in_boundary_…; cairn.append_if).

create table if not exists cairn.tags (
    shard smallint not null,
    tag text collate "C" not null,
    position bigint not null,
    type text collate "C" not null,
    constraint tags_pkey primary key (shard, tag, position)
) with (autovacuum_vacuum_insert_scale_factor = 0.1);

comment on table cairn.tags is
    'The tags of every event. Rows are inserted by the append functions and never changed.';
comment on column cairn.tags.shard is 'Always 0 in this version.';
comment on column cairn.tags.tag is 'A name, ":", a value: course:42.';
comment on column cairn.tags.position is 'Of the event that has it.';
comment on column cairn.tags.type is 'Of that event.';
grant select on cairn.tags to cairn_writer, cairn_projector, cairn_reader;

create or replace trigger tags_are_never_changed
    before update or delete or truncate on cairn.tags
    for each statement execute function cairn.refuse_change();
alter table cairn.tags enable always trigger tags_are_never_changed;

-- They get more parameters.
drop function if exists cairn.append(text, text, json, bigint);
drop function if exists cairn.append_batch(
    text[], bigint[], bigint[], bigint[], bigint[], bigint[], uuid[], bigint[], uuid[], bigint[], bigint[],
    text[], uuid[], text[], bigint[], json[], json[], bigint[], bigint[], text[], bigint[], text[], text[],
    bigint[], text[], bytea[], bytea[], bigint[], bigint[], bigint[], text[], text[], bigint[], boolean,
    boolean, bigint);
