-- 0056_processes: creates the tables of process managers and reactors: clock, followers, timers,
-- outgoing commands, and what was parked.
--
-- The truth of a process manager is its own streams: each reaction is one event, ProcessAdvanced, with
-- the input, the state and the timers after it, and the commands that it sends. Timers and outgoing
-- commands are projected from there and can be rebuilt from the log. The one thing that they add is
-- which commands have been delivered; that is also recorded by the service that executed a command,
-- as command_key in the meta of its events.

-- ---- the clock ----

create table if not exists cairn.clock (
    one boolean not null default true,
    ahead interval not null default interval '0',
    constraint clock_pkey primary key (one),
    constraint clock_is_one check (one)
);
insert into cairn.clock default values on conflict on constraint clock_pkey do nothing;
comment on table cairn.clock is
    'How far the clock of processes and timers is ahead of the time: zero except in tests and demonstrations.';
comment on column cairn.clock.one is 'There is one clock.';
comment on column cairn.clock.ahead is 'Added to the time wherever a process reads it.';
grant select on cairn.clock to cairn_writer, cairn_projector, cairn_reader;

-- ---- followers ----

create table if not exists cairn.followers (
    name text collate "C" not null,
    position bigint not null,
    fence bigint not null default 0,
    moved_at timestamptz not null default now(),
    stopped text,
    constraint followers_pkey primary key (name),
    constraint followers_name_is_short check (octet_length(name) between 1 and 200),
    constraint followers_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.followers is 'How far each process manager and each reactor has followed the log.';
comment on column cairn.followers.name is 'process/fulfilment, reactor/bank.';
comment on column cairn.followers.position is
    'Every event up to this position was handled. It may lag behind: handling an event twice changes nothing.';
comment on column cairn.followers.fence is 'Of the lease under which it is moved: an owner with a lower fence can no longer write.';
comment on column cairn.followers.stopped is 'Why the follower is stopped; null while it is not.';

-- ---- timers and outgoing commands ----

create table if not exists cairn.timers (
    process text collate "C" not null,
    stream text collate "C" not null,
    name text collate "C" not null,
    due_at timestamptz not null,
    version bigint not null,
    constraint timers_pkey primary key (stream, name)
);
create index if not exists timers_due_idx on cairn.timers (process, due_at, stream, name);

comment on table cairn.timers is
    'Timers that are set: a projection of the process managers'' streams. `cairn timers` changes them by appending there.';
comment on column cairn.timers.process is 'The process manager: the category of the stream.';
comment on column cairn.timers.due_at is 'By the clock cairn.now().';
comment on column cairn.timers.version is 'Of the event in the stream that set it.';

create table if not exists cairn.outgoing (
    process text collate "C" not null,
    stream text collate "C" not null,
    version bigint not null,
    number integer not null,
    position bigint not null,
    target text collate "C" not null,
    command text collate "C" not null,
    method text not null,
    path text not null,
    body text not null,
    traceparent text,
    attempts bigint not null default 0,
    problem text,
    constraint outgoing_pkey primary key (stream, version, number)
);
create index if not exists outgoing_position_idx on cairn.outgoing (process, position, number);

comment on table cairn.outgoing is
    'Commands that process managers have sent and that are not delivered yet: a projection of their streams.';
comment on column cairn.outgoing.version is
    'Of the event that sends it. Its Idempotency-Key contains stream, version and number.';
comment on column cairn.outgoing.number is 'Place among the commands of that event: 0, 1, 2, ...';
comment on column cairn.outgoing.position is 'Of that event: commands to one stream are delivered in this order.';
comment on column cairn.outgoing.target is 'The stream that it is for.';
comment on column cairn.outgoing.attempts is 'Number of failed attempts.';
comment on column cairn.outgoing.problem is 'Why the last attempt failed.';

-- ---- what was parked ----

create table if not exists cairn.parked_events (
    reactor text collate "C" not null,
    position bigint not null,
    stream text collate "C" not null,
    type text collate "C" not null,
    attempts bigint not null,
    reason text not null,
    parked_at timestamptz not null default now(),
    again boolean not null default false,
    constraint parked_events_pkey primary key (reactor, position)
);
create index if not exists parked_events_again_idx on cairn.parked_events (reactor, position) where again;

comment on table cairn.parked_events is 'Events that a reactor failed to handle, for an operator to look at.';
comment on column cairn.parked_events.again is 'An operator requests a retry.';

create table if not exists cairn.parked_instances (
    process text collate "C" not null,
    stream text collate "C" not null,
    position bigint not null,
    reason text not null,
    parked_at timestamptz not null default now(),
    again boolean not null default false,
    constraint parked_instances_pkey primary key (process, stream)
);
comment on table cairn.parked_instances is
    'Instances of process managers that cannot continue, for an operator to look at. Their inputs wait; other instances continue.';
comment on column cairn.parked_instances.position is 'Of the first event that was not handled; 0: of none.';
comment on column cairn.parked_instances.again is 'An operator requests a retry.';

grant select on cairn.followers, cairn.timers, cairn.outgoing, cairn.parked_events, cairn.parked_instances
    to cairn_writer, cairn_projector, cairn_reader;
