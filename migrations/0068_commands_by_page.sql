-- 0068_commands_by_page: drops the functions that return the commands of a process manager, which return
-- two columns more from now on. They are created by repeatable/processes.sql.

drop function if exists cairn.advance_process(text, bigint, bigint, bigint);
drop function if exists cairn.outgoing_page(text, text[], boolean, bigint, bigint, bigint);
