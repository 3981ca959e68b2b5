-- 0003_traces: creates the column by which a mail belongs to the trace of what it is about.

alter table notification.messages add column if not exists traceparent text;
comment on column notification.messages.traceparent is
    'Of the span that composed it (W3C Trace Context); null where there was none.';

-- It returns a column more.
drop function if exists notification.take_messages(text, integer, integer, integer, integer);
