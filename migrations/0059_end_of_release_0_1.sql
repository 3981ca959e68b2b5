-- 0059_end_of_release_0_1: drops the functions of release 0.1 that nothing calls.

drop function if exists cairn.open_outgoing(text);
drop function if exists cairn.outgoing_command_id(text, text);
drop function if exists cairn.forget_commands(interval);
