-- mailer: creates the functions by which the mailer takes messages and records that they were sent.
--
-- They are planned once per session, for tables of any length: only by index.

create or replace function notification.take_messages(
    in_after text,
    in_mailboxes integer,
    in_submissions integer,
    in_patience_s integer,
    in_deadline_s integer
)
    returns table (reached text, event_id uuid, email text, message text, submissions integer, traceparent text)
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    at timestamptz := clock_timestamp(); -- a constant, so that it can be looked up in an index
begin
    update notification.messages
        set status = 'parked', settled_at = clock_timestamp(),
            problem = 'it is not known whether the mail server has accepted it'
        where status = 'sending' and submissions >= in_submissions and due_at <= at;
    -- The first open message of one mailbox after the other: none that waits behind it is read.
    return query
        with recursive walk as (
            (select n.event_id, n.email from notification.messages n
                where n.status in ('waiting', 'sending') and n.email > in_after
                order by n.email, n.seq limit 1)
            union all
            select next.event_id, next.email
                from walk w
                cross join lateral (
                    select n.event_id, n.email from notification.messages n
                        where n.status in ('waiting', 'sending') and n.email > w.email
                        order by n.email, n.seq limit 1) next),
        seen as materialized (select w.event_id, w.email from walk w limit in_mailboxes),
        due as materialized (
            select n.event_id
                from seen s
                join notification.messages n on n.event_id = s.event_id
                where n.status not in ('sent', 'parked') and n.due_at <= at -- by its key, not by the index above
                    and n.submissions < in_submissions
                for update of n skip locked),
        taken as (
            update notification.messages m
                set status = 'sending', submissions = m.submissions + 1,
                    due_at = clock_timestamp() + make_interval(
                        secs => in_patience_s + ((select count(*) from due) - 1)::integer * in_deadline_s)
                from due d
                where m.event_id = d.event_id
                returning m.event_id, m.email, m.message, m.submissions, m.traceparent)
        select r.email, t.event_id, t.email, t.message, t.submissions, t.traceparent
            from (select case when count(*) = in_mailboxes then max(s.email) end as email from seen s) r
            left join taken t on true
            order by t.email;
end
$$;
comment on function notification.take_messages is
    'Takes the first message of each of the next mailboxes after this one, of those that are due, to be '
    'sent one after the other and recorded together: none is due again before all had their time. Parks those '
    'that the mail server may have accepted as often as that. Each row has the last mailbox that was looked '
    'at, null if there are no more; one row without a message if none is due.';

create or replace function notification.messages_sent(in_messages uuid[]) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    update notification.messages m
        set status = 'sent', problem = null, settled_at = clock_timestamp()
        from unnest(in_messages) as s(event_id)
        where m.event_id = s.event_id;
end
$$;
comment on function notification.messages_sent is
    'Records that the mail server has accepted these messages.';
