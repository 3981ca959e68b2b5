-- 0024_role_privileges: the owner has the privileges of the roles that it made.
--
-- From PostgreSQL 16 on a role that creates another is a member of it, but neither inherits its
-- privileges nor may become it, and so may not end its sessions: a recovery ended none of them. The
-- owner may grant itself both.

do $$
declare
    wanted text;
begin
    if current_setting('server_version_num')::integer < 160000 then
        return;
    end if;
    foreach wanted in array array['cairn_writer', 'cairn_projector', 'cairn_reader'] loop
        if not pg_catalog.pg_has_role(current_user, wanted, 'usage') then
            begin
                execute format('grant %I to current_user with inherit true, set true', wanted);
            exception when insufficient_privilege then
                raise warning 'role % was made by another role, which has to grant it: grant % to % with inherit true',
                    wanted, wanted, current_user;
            end;
        end if;
    end loop;
end
$$;
