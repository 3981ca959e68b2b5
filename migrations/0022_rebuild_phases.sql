-- 0022_rebuild_phases: no phase says that a rebuild failed.
--
-- One that fails is tried again, and stays open until it is done or cancelled.

alter table cairn.rebuilds
    drop constraint rebuilds_phase_is_known,
    drop constraint rebuilds_end_is_final,
    add constraint rebuilds_phase_is_known check (phase in ('waiting', 'reading', 'loading',
        'indexing', 'copying', 'following', 'comparing', 'held', 'done', 'cancelled')),
    add constraint rebuilds_end_is_final
        check ((ended_at is not null) = (phase in ('done', 'cancelled')));

comment on column cairn.rebuilds.note is 'Why it is held, or why the attempt before failed.';
