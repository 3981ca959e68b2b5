-- 0062_internal_key: creates the secret by which services recognise each other: a command without a route
-- is accepted only from a process manager, reactor or consumer of the same store.

create table if not exists cairn.internal_key (
    one boolean not null default true,
    key bytea not null,
    constraint internal_key_pkey primary key (one),
    constraint internal_key_is_one check (one),
    constraint internal_key_is_long check (octet_length(key) = 32)
);
insert into cairn.internal_key (key)
    values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
    on conflict on constraint internal_key_pkey do nothing;

comment on table cairn.internal_key is
    'The key with which services sign commands that have no public route. To change it, update it and restart the services.';
comment on column cairn.internal_key.one is 'There is one key.';
comment on column cairn.internal_key.key is '32 random bytes.';
grant select on cairn.internal_key to cairn_writer, cairn_consumer;
