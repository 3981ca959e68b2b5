-- 0031_consumer_privileges: what 0024 says of the other roles, of the one of those who only consume.

do $$
begin
    if current_setting('server_version_num')::integer >= 160000
            and not pg_catalog.pg_has_role(current_user, 'cairn_consumer', 'usage') then
        execute 'grant cairn_consumer to current_user with inherit true, set true';
    end if;
exception when insufficient_privilege then
    raise warning 'role cairn_consumer was made by another role, which has to grant it: grant cairn_consumer to % with inherit true',
        current_user;
end
$$;
