-- 0050_roles: creates the roles, and the schemas that their rights are about.
--
--   the owner         runs the migrations; owns schema cairn
--   cairn_writer      appends events through the functions, reads the log (services)
--   cairn_projector   reads the log, owns the read models in schema read (projector)
--   cairn_consumer    records what was handled of the bus (services with consumers)
--   cairn_reader      reads the read models and their checkpoints (query service, people)
--
-- The roles are created without login: a deployment grants it ("alter role cairn_writer login").
-- From PostgreSQL 16 on a role that creates another is a member of it, but neither inherits its
-- privileges nor may switch to it, and so may not end its sessions, as a recovery has to. Therefore
-- the owner grants both to itself.

do $$
declare
    wanted text;
    is_16 boolean := current_setting('server_version_num')::integer >= 160000;
begin
    foreach wanted in array array['cairn_writer', 'cairn_projector', 'cairn_consumer', 'cairn_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
        if is_16 and not pg_catalog.pg_has_role(current_user, wanted, 'usage') then
            begin
                execute format('grant %I to current_user with inherit true, set true', wanted);
            exception when insufficient_privilege then
                raise warning 'role % was created by another role, which has to grant it: grant % to % with inherit true',
                    wanted, wanted, current_user;
            end;
        elsif not pg_catalog.pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

comment on schema cairn is 'The event store: the log, and the state that is derived from it.';
grant usage on schema cairn to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;

comment on table cairn.migrations is 'The migrations that were applied to this database.';
comment on table cairn.repeatable_migrations is
    'The repeatable migrations (functions and views), each as it was applied last.';
grant select on cairn.migrations, cairn.repeatable_migrations
    to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;

create schema if not exists read;
comment on schema read is
    'Read models: a view for each (read.NAME) over its live generation (read.NAME_gN).';
grant usage on schema read to cairn_writer, cairn_projector, cairn_reader;
grant create on schema read to cairn_projector;
