-- 0078_promotions: creates what says on which PostgreSQL server the log was written last, and the table of
-- promotions.
--
-- A server that is promoted, or restored, continues on another timeline of PostgreSQL, or is another system.
-- Either may lack events that were acknowledged before.

alter table cairn.store
    add column if not exists system_identifier bigint not null default 0,
    add column if not exists server_timeline text collate "C" not null default '',
    add column if not exists replicated boolean not null default false;
comment on column cairn.store.system_identifier is 'Of the PostgreSQL server that the log was written on last.';
comment on column cairn.store.server_timeline is
    'The timeline of PostgreSQL that the log was written on last, as in the names of its WAL files.';
comment on column cairn.store.replicated is
    'The last append waited for a synchronous standby: it and all before it are on one.';

update cairn.store s
    set system_identifier = c.system_identifier,
        server_timeline = left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
    from pg_control_system() c;

-- What cairn.store says of the server, in one number that every append can compare: the timeline, times two, plus one
-- if commits wait for a standby. 0: look there. It is set after that was committed, and to 0 before it is changed: so
-- it never says more.
create sequence if not exists cairn.known_server as bigint minvalue 0 start with 0 cache 1;
comment on sequence cairn.known_server is 'server_timeline and replicated of cairn.store, once they are committed.';

create table if not exists cairn.promotions (
    number bigint generated always as identity,
    noticed_at timestamptz not null default clock_timestamp(),
    server_timeline text collate "C" not null,
    system_identifier bigint not null,
    head bigint not null,
    epoch bigint not null,
    is_new_epoch boolean not null,
    reason text not null,
    left_over text,
    constraint promotions_pkey primary key (number)
);
comment on table cairn.promotions is
    'Each time that the log was continued on another timeline of PostgreSQL, or on another server.';
comment on column cairn.promotions.head is 'Where the log ended.';
comment on column cairn.promotions.epoch is 'From then on.';
comment on column cairn.promotions.is_new_epoch is 'Events may be missing that were acknowledged.';
comment on column cairn.promotions.reason is 'Why an epoch began, or why none had to.';
comment on column cairn.promotions.left_over is
    'Sessions of the epoch before that could not be ended: restart their programs.';
grant select on cairn.promotions to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
