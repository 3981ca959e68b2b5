-- 0080_tracestate: drops the functions that return one column more from now on, the tracestate of what a
-- command or a timer is a part of. They are created by repeatable/processes.sql.

drop function if exists cairn.advance_process(text, bigint, bigint, bigint);
drop function if exists cairn.outgoing_page(text, text[], boolean, bigint, bigint, bigint);
drop function if exists cairn.process_instances(text[]);
