-- json: creates the functions that tell which JSON every reader accepts.

create or replace function cairn.accepted_by_jsonb(in_json json) returns boolean
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform in_json::jsonb;
    return true;
exception when others then
    return false;
end
$$;
comment on function cairn.accepted_by_jsonb is
    'False for what json accepts and jsonb refuses: U+0000, lone surrogates, numbers beyond numeric.';

-- Whether jsonb accepts it, as far as can be said without parsing it again: what is left are numbers of
-- more than 131,072 digits. Inlined where it is called.
create or replace function cairn.is_readable(in_json json) returns boolean
    language sql
    immutable
    return in_json::text not like '%\\u%' or cairn.accepted_by_jsonb(in_json);
comment on function cairn.is_readable is
    'Whether jsonb accepts the JSON, but for numbers of more than 131,072 digits.';

-- RFC 8259, sections 4 and 6, leaves these cases to each reader. The reader of the services (jansson)
-- refuses what the type json accepts: duplicate names, integers beyond 64 bits, numbers beyond double
-- precision, more than 16 levels.
create or replace function cairn.json_wrong(in_json json, in_level integer default 1) returns text
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
declare
    kind text := json_typeof(in_json);
    number text;
    wrong text;
begin
    if kind = 'number' then
        number := in_json #>> '{}';
        if number !~ '[.eE]' and number::numeric not between -9223372036854775808 and 9223372036854775807 then
            return 'the integer ' || left(number, 40) || ' has more than 64 bits';
        elsif number ~ '[.eE]' and abs(number::numeric) > 1.7976931348623157e308::numeric then
            return 'the number ' || left(number, 40) || ' is beyond double precision';
        end if;
        return null;
    elsif kind not in ('object', 'array') then
        return null;
    elsif in_level > 16 then
        return 'it is nested deeper than 16 levels';
    elsif kind = 'array' then
        select w.wrong into wrong
            from json_array_elements(in_json) e
            cross join lateral (select cairn.json_wrong(e.value, in_level + 1) as wrong offset 0) w
            where w.wrong is not null
            limit 1;
        return wrong;
    end if;
    select format('the name %s occurs twice', to_json(e.key)) into wrong
        from json_each(in_json) e
        group by e.key
        having count(*) > 1
        limit 1;
    if wrong is null then
        select w.wrong into wrong
            from json_each(in_json) e
            cross join lateral (select cairn.json_wrong(e.value, in_level + 1) as wrong offset 0) w
            where w.wrong is not null
            limit 1;
    end if;
    return wrong;
end
$$;
comment on function cairn.json_wrong is
    'Why the services cannot read this JSON although PostgreSQL can; null if they can.';
