-- 0001_messages: creates the tables of the notification service, a consumer of the bus.

comment on schema notification is 'State of the notification service: customers, orders, messages.';

create table if not exists notification.customers (
    user_id uuid not null,
    email text not null,
    name text not null,
    version bigint not null,
    constraint customers_pkey primary key (user_id)
);
comment on table notification.customers is 'A copy of each user''s name and address, from the bus.';
comment on column notification.customers.version is 'Of the user''s stream.';

create table if not exists notification.orders (
    order_id uuid not null,
    user_id uuid not null,
    currency text not null,
    total bigint not null,
    constraint orders_pkey primary key (order_id)
);
comment on table notification.orders is 'The customer of each order, for messages about its payments.';
comment on column notification.orders.total is 'In minor units of the currency.';

create table if not exists notification.messages (
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
    attempts integer not null default 0,
    constraint messages_pkey primary key (event_id),
    constraint messages_status_is_known check (status in ('waiting', 'sending', 'sent', 'parked'))
);
create index if not exists messages_open on notification.messages (due_at)
    where status in ('waiting', 'sending');
create index if not exists messages_open_email on notification.messages (email, seq)
    where status in ('waiting', 'sending');

comment on table notification.messages is 'Every message to a customer: one per event that calls for one.';
comment on column notification.messages.event_id is 'Of the event that it is about; its Message-ID is derived from it.';
comment on column notification.messages.seq is 'In the order in which they were created.';
comment on column notification.messages.kind is 'placed, paid, declined, shipped or cancelled.';
comment on column notification.messages.about is 'The stream of the event.';
comment on column notification.messages.message is 'As it is sent: headers and body (RFC 5322).';
comment on column notification.messages.status is
    'waiting: to be sent. sending: submitted to the mail server, whose answer is not known. sent: accepted. parked: given up, an operator has to look.';
comment on column notification.messages.submissions is
    'How often the mail server may have accepted it without an answer that arrived here. At most two.';
comment on column notification.messages.due_at is 'Time of the next attempt.';
comment on column notification.messages.attempts is
    'How often the mail server refused it for the time being. Each delay is twice the one before, an hour at most.';
-- Only the consumer writes them. A database of release 0.1 has the tables already.
revoke insert, update, delete on notification.customers, notification.orders, notification.messages from cairn_writer;
revoke select on notification.customers, notification.orders, notification.messages from cairn_writer;
grant select, insert, update, delete on notification.customers, notification.orders, notification.messages
    to cairn_consumer;
grant select on notification.customers, notification.orders, notification.messages to cairn_reader;
revoke usage on sequence notification.messages_seq_seq from cairn_writer;
grant usage on sequence notification.messages_seq_seq to cairn_consumer;
