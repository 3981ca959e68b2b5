-- 0076_feeds: creates what PostgreSQL records about feeds of other stores, which consumers follow: how far each
-- has come, and the events that were given up.

create table if not exists cairn.feeds (
    consumer text collate "C" not null,
    feed text collate "C" not null,
    history text collate "C" not null default '',
    position bigint not null default 0,
    event_id uuid,
    attempts integer not null default 0,
    fence bigint not null default 0,
    moved_at timestamptz not null default clock_timestamp(),
    problem text,
    constraint feeds_pkey primary key (consumer, feed),
    constraint feeds_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.feeds is
    'How far each consumer has come in each feed that it follows. It moves in the transaction of what a handler writes.';
comment on column cairn.feeds.feed is 'The URL that is declared, wherever the feed is reached.';
comment on column cairn.feeds.history is
    'Which store the feed is of, and the epoch of its history, as its Cairn-Position names them: 3f2a9c1e-1; empty before the first answer.';
comment on column cairn.feeds.position is 'Every event of the feed up to this position, of the other store, was handled.';
comment on column cairn.feeds.event_id is 'The last of them: if the feed does not know it, it is of another history.';
comment on column cairn.feeds.attempts is 'How often the next event was begun, as far as that was recorded.';
comment on column cairn.feeds.fence is 'Fence of the lease under which it was recorded.';
comment on column cairn.feeds.problem is 'Why nothing is handled; null while something is.';

create table if not exists cairn.feed_dead (
    number bigint generated always as identity,
    consumer text collate "C" not null,
    feed text collate "C" not null,
    event text not null,
    position bigint not null,
    reason text not null,
    again boolean not null default false,
    buried_at timestamptz not null default clock_timestamp(),
    constraint feed_dead_pkey primary key (number)
);
create unique index if not exists feed_dead_event_idx on cairn.feed_dead (consumer, feed, md5(event));

comment on table cairn.feed_dead is
    'Events of feeds that a consumer has given up (dead letters). They block nothing.';
comment on column cairn.feed_dead.event is 'As it has come: a CloudEvent, or what could not be read as one.';
comment on column cairn.feed_dead.position is 'Of the event in the other store; 0 if it could not be read.';
comment on column cairn.feed_dead.again is 'It is to be handled again, out of order; the row is deleted when that has succeeded.';

grant select, insert, update on cairn.feeds to cairn_consumer;
grant select, insert, update, delete on cairn.feed_dead to cairn_consumer;
grant select on cairn.feeds, cairn.feed_dead to cairn_writer, cairn_projector, cairn_reader;
