-- 0001_roles: who may do what. Four roles, made here if the cluster does not have them:
--
--   the owner         runs the migrations; owns schema cairn
--   cairn_writer      appends events through the functions, reads the log (services)
--   cairn_projector   reads the log, owns the read models in schema read (projector)
--   cairn_reader      reads the read models and their checkpoints (query service, people)
--
-- They are made without login: a deployment gives them one ("alter role cairn_writer login").

do $$
declare
    wanted text;
begin
    foreach wanted in array array['cairn_writer', 'cairn_projector', 'cairn_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
        if not pg_catalog.pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

comment on schema cairn is 'The event store: the log, and what keeps it right.';
grant usage on schema cairn to cairn_writer, cairn_projector, cairn_reader;

comment on table cairn.migrations is 'The migrations this database has had.';
grant select on cairn.migrations to cairn_writer, cairn_projector, cairn_reader;

create schema read;
comment on schema read is
    'Read models: a view for each (read.NAME) over the generation that is live (read.NAME_gN).';
grant usage on schema read to cairn_writer, cairn_projector, cairn_reader;
grant create on schema read to cairn_projector;
