-- 0003_claims: what streams hold for themselves alone. A claim is taken and released in the same
-- append as the events that say so, and stands in the meta of the first of them.

create table cairn.claims (
    shard smallint not null,
    scope text collate "C" not null,
    key text collate "C" not null,
    stream text collate "C" not null,
    position bigint not null,
    constraint claims_pkey primary key (shard, scope, key)
);
create index claims_stream_idx on cairn.claims (shard, stream);

comment on table cairn.claims is
    'What streams hold for themselves alone, such as an e-mail address.';
comment on column cairn.claims.scope is 'What kind of thing it is: user.email.';
comment on column cairn.claims.key is 'Which one, compared by bytes.';
comment on column cairn.claims.stream is 'Who holds it.';
comment on column cairn.claims.position is 'Of the last event of the append that took it.';
grant select on cairn.claims to cairn_writer, cairn_reader;
