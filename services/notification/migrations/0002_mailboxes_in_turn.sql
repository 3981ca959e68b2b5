-- 0002_mailboxes_in_turn: creates the index that finds messages whose outcome is not known; messages that
-- are due are found mailbox by mailbox (messages_open_email), so their index by time goes.

create index if not exists messages_sending on notification.messages (due_at) where status = 'sending';
drop index if exists notification.messages_open;
