-- 0037_mail_patience: a mailbox that does not take mail now holds up no other.

alter table notification.messages add column attempts integer not null default 0;
comment on column notification.messages.attempts is
    'How often the mail server said that it does not take it now. The next attempt comes twice as late, and an hour later at most.';
create index messages_open_email on notification.messages (email, seq) where status in ('waiting', 'sending');
