-- 0018_bus: what PostgreSQL knows of the message bus, whose entries are in Redis: how far it was
-- published, what was trimmed, what consumers have handled; and the notification service's own.
--
-- Redis may forget. What it held can be published again from the log; what was handled cannot be
-- found out again, so that is remembered here, in the transaction of what a handler writes.

do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'cairn_consumer') then
        create role cairn_consumer nologin;
    end if;
    if not pg_catalog.pg_has_role(current_user, 'cairn_consumer', 'member') then
        grant cairn_consumer to current_user;
    end if;
end
$$;
grant usage on schema cairn to cairn_consumer;
grant select on cairn.migrations, cairn.store, cairn.leases to cairn_consumer;
grant execute on function cairn.beat(text, text[], bigint[], interval) to cairn_consumer;
grant execute on function cairn.release(text, text[], bigint[]) to cairn_consumer;

-- ---- the publisher ----

create table cairn.bus (
    single boolean not null default true,
    epoch bigint not null,
    position bigint not null default 0,
    event_id uuid,
    fence bigint not null default 0,
    moved_at timestamptz not null default clock_timestamp(),
    problem text,
    constraint bus_pkey primary key (single),
    constraint bus_has_one_row check (single),
    constraint bus_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.bus is 'How far the log was published, as the publisher last noted it. Redis says where it really is.';
comment on column cairn.bus.epoch is 'Of the store, when it was noted.';
comment on column cairn.bus.position is 'Redis had everything up to here.';
comment on column cairn.bus.event_id is 'Of the event at that position: if the log has another one there, the bus belongs to another history.';
comment on column cairn.bus.fence is 'Number of the lease under which it was noted.';
comment on column cairn.bus.problem is 'Why it does not go on, if it does not.';

create table cairn.bus_streams (
    category text collate "C" not null,
    floor bigint not null default 0,
    floor_at timestamptz not null default clock_timestamp(),
    constraint bus_streams_pkey primary key (category),
    constraint bus_streams_floor_is_not_negative check (floor >= 0)
);

comment on table cairn.bus_streams is 'The categories that are published.';
comment on column cairn.bus_streams.floor is 'Entries up to here were trimmed: all groups had handled them, or the cap was reached. Above it the stream has what the log has.';

grant select, insert, update on cairn.bus, cairn.bus_streams to cairn_projector;
grant select on cairn.bus, cairn.bus_streams to cairn_writer, cairn_reader, cairn_consumer;

-- ---- consumers ----

create table cairn.consumed (
    consumer text collate "C" not null,
    stream text collate "C" not null,
    version bigint not null,
    position bigint not null,
    constraint consumed_pkey primary key (consumer, stream)
) with (fillfactor = 80);

comment on table cairn.consumed is 'How far each consumer group has come in each stream: it has handled nothing after this version.';
comment on column cairn.consumed.position is 'Of the event of that version.';

create table cairn.consumed_again (
    consumer text collate "C" not null,
    event_id uuid not null,
    handled_at timestamptz not null default clock_timestamp(),
    constraint consumed_again_pkey primary key (consumer, event_id)
);

comment on table cairn.consumed_again is 'Dead letters that were handled after all, when somebody had them tried again.';

grant select, insert, update, delete on cairn.consumed, cairn.consumed_again to cairn_consumer;
grant select on cairn.consumed, cairn.consumed_again to cairn_reader, cairn_projector, cairn_writer;

-- The row is locked until the transaction ends, so two members of a group that have events of one
-- stream in their hands go one after the other.
create function cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint)
    returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
    set lock_timeout = '100ms'
as $$
declare
    before bigint;
begin
    insert into cairn.consumed (consumer, stream, version, position)
        values (in_consumer, in_stream, in_version, in_position)
        on conflict on constraint consumed_pkey do nothing;
    if found then
        return 0;
    end if;
    select c.version into strict before from cairn.consumed c
        where c.consumer = in_consumer and c.stream = in_stream for update;
    if before < in_version then
        update cairn.consumed c set version = in_version, position = in_position
            where c.consumer = in_consumer and c.stream = in_stream;
    end if;
    return before;
end
$$;
comment on function cairn.consume(text, text, bigint, bigint) is
    'Notes that a consumer handles this version of a stream. Returns the version it had before, 0 for none: at or above this one, it was handled.';
revoke all on function cairn.consume(text, text, bigint, bigint) from public;
grant execute on function cairn.consume(text, text, bigint, bigint) to cairn_consumer;

-- ---- the notification service ----

create schema notification;
comment on schema notification is 'What the notification service keeps: whom to write to, and what was written.';
grant usage on schema notification to cairn_consumer, cairn_reader;

create table notification.customers (
    user_id uuid not null,
    email text not null,
    name text not null,
    version bigint not null,
    constraint customers_pkey primary key (user_id)
);
comment on table notification.customers is 'A copy of each user''s name and address, as the bus last told them.';
comment on column notification.customers.version is 'Of the user''s stream.';

create table notification.orders (
    order_id uuid not null,
    user_id uuid not null,
    currency text not null,
    total bigint not null,
    constraint orders_pkey primary key (order_id)
);
comment on table notification.orders is 'Whose order it is, for what is told of its payments.';
comment on column notification.orders.total is 'In minor units of the currency.';

create table notification.messages (
    event_id uuid not null,
    seq bigint generated always as identity,
    kind text not null,
    about text not null,
    email text not null,
    message text not null,
    status text not null default 'waiting',
    submissions integer not null default 0,
    problem text,
    due_at timestamptz not null default clock_timestamp(),
    made_at timestamptz not null default clock_timestamp(),
    settled_at timestamptz,
    constraint messages_pkey primary key (event_id),
    constraint messages_status_is_known check (status in ('waiting', 'sending', 'sent', 'parked'))
);
create index messages_open on notification.messages (due_at) where status in ('waiting', 'sending');

comment on table notification.messages is 'Every message to a customer: one for each event that is worth one.';
comment on column notification.messages.event_id is 'Of the event that it tells of; its Message-ID is made from it.';
comment on column notification.messages.seq is 'In the order in which they were made.';
comment on column notification.messages.kind is 'placed, paid, declined, shipped or cancelled.';
comment on column notification.messages.about is 'The stream that it happened to.';
comment on column notification.messages.message is 'As it goes out: headers and body (RFC 5322).';
comment on column notification.messages.status is
    'waiting to be sent; sending: handed to the mail server, which has not been heard to accept it; sent: accepted; parked: given up, a person has to look.';
comment on column notification.messages.submissions is
    'How often the mail server may have accepted it without our hearing of it. At most two.';
comment on column notification.messages.due_at is 'When to look at it next.';
grant select, insert, update, delete on notification.customers, notification.orders, notification.messages
    to cairn_consumer;
grant select on notification.customers, notification.orders, notification.messages to cairn_reader;
