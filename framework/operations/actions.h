/* actions.h - what operators may do: for each action what it takes, what it results in, and its
 * path over HTTP. `cairn` and the operators' HTTP interface do these, by operate.h.
 *
 * The change itself is made by cairn.carry_out, in migrations/repeatable/operations.sql. */
#ifndef CAIRN_OPERATIONS_ACTIONS_H
#define CAIRN_OPERATIONS_ACTIONS_H

#include <cairn/record.h>

/* ---- what actions take ---- */

CAIRN_STRUCT(operate_on_parked, TEXT(read_model, .max_bytes = 200),
             TEXT(key, .optional = true, .help = "Of all keys, if it is not given."));
CAIRN_STRUCT(operate_skip_parked, TEXT(read_model, .max_bytes = 200), TEXT(key),
             INT(position, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "Of the failed event: the first of the key."));
CAIRN_STRUCT(operate_rebuild, TEXT(read_model, .max_bytes = 200),
             BOOL(diff, .optional = true,
                  .help = "Compare it with the one that is read, and hold it if rows differ."));
CAIRN_STRUCT(operate_on_rebuild, TEXT(read_model, .max_bytes = 200));
CAIRN_STRUCT(operate_roll_back, TEXT(read_model, .max_bytes = 200),
             OPTIONAL_INT(generation, CAIRN_RANGE(1, 999999999),
                          .help = "The one that was left last, if it is not given."));
CAIRN_STRUCT(operate_withdraw, INT(switch_id, CAIRN_RANGE(1, INT64_C(999999999999999))));
CAIRN_STRUCT(operate_on_processes,
             TEXT(name, .optional = true, .max_bytes = 200, .example = "\"reactor/charging\"",
                  .help = "reactor/NAME or process/NAME; all, if it is not given."),
             OPTIONAL_INT(position, CAIRN_RANGE(0, INT64_C(999999999999999)),
                          .help = "One event of a reactor."),
             TEXT(stream, .optional = true, .max_bytes = 200,
                  .help = "One instance of a process."));
CAIRN_STRUCT(operate_skip_instance,
             TEXT(name, .max_bytes = 200, .example = "\"process/fulfilment\""),
             TEXT(stream, .max_bytes = 200));
CAIRN_STRUCT(operate_move_timer, TEXT(stream, .max_bytes = 200), TEXT(name, .max_bytes = 200),
             TEXT(when, .max_bytes = 60, .example = "\"30 min\"",
                  .help = "A time, or a duration from now."));
CAIRN_STRUCT(operate_cancel_timer, TEXT(stream, .max_bytes = 200), TEXT(name, .max_bytes = 200));
CAIRN_STRUCT(operate_on_dead_letters, TEXT(group, .max_bytes = 200),
             TEXT(id, .optional = true, .max_bytes = 100, .help = "All, if it is not given."));
CAIRN_STRUCT(operate_amend, INT(position, CAIRN_RANGE(1, INT64_C(999999999999999))),
             TEXT(reason, .max_bytes = 1000),
             TEXT(data, .optional = true, .example = "\"{\\\"litres\\\":3}\"",
                  .help = "JSON that is read in its place; without it the event is skipped."));
CAIRN_STRUCT(operate_append, TEXT(stream, .max_bytes = 200), TEXT(type, .max_bytes = 200),
             TEXT(data, .example = "\"{\\\"litres\\\":3}\"", .help = "The event's data: JSON."),
             OPTIONAL_INT(expected, CAIRN_RANGE(0, INT64_C(999999999999999)),
                          .help = "The stream's version before; 0: it is new; not given: any."),
             TEXTS(tags, .optional = true, .max_count = 16, .max_bytes = 200));
CAIRN_STRUCT(operate_verify, TEXT(read_model, .max_bytes = 200));
CAIRN_STRUCT(operate_recover,
             INT(epoch, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "The epoch that is to end, so that no repetition ends another one."));

/* ---- what they result in ---- */

CAIRN_STRUCT(operated_keys, INT(keys));
CAIRN_STRUCT(operated_rebuild, INT(rebuild), BOOL(is_new, .optional = true));
CAIRN_STRUCT(operated_roll_back, INT(switch_id), INT(generation), INT(code_version));
CAIRN_STRUCT(operated_withdraw, INT(switch_id));
CAIRN_STRUCT(operated_processes, INT(tried_again));
CAIRN_STRUCT(operated_timer, INT(version));
CAIRN_STRUCT(operated_dead_letters, INT(handed_out));
CAIRN_STRUCT(operated_amend, TEXT(stream), INT(version), TEXT(type));
CAIRN_STRUCT(operated_append, INT(position), INT(version), UUID(event_id));
/* While it is begun, there is nothing yet; then what `cairn verify` says. */
CAIRN_STRUCT(operated_verification, OPTIONAL_INT(generation), OPTIONAL_INT(position),
             OPTIONAL_INT(rows), OPTIONAL_INT(differences), OPTIONAL_INT(parked),
             OPTIONAL_INT(copied), OPTIONAL_INT(copy_differences),
             TEXT(copy_problem, .optional = true));
CAIRN_STRUCT(operated_cancellation, BOOL(cancelled));
CAIRN_STRUCT(operated_recover, INT(old_epoch), INT(new_epoch), INT(head), INT(claims),
             INT(commands), INT(read_models), INT(sessions_ended),
             TEXT(not_ended, .optional = true));

/* ---- the table ---- */

struct cairn_action {
    const char *name; /* as in cairn.operation_event */
    const char *path; /* of POST */
    const struct cairn_record *takes;
    const struct cairn_record *results;
    bool on_bus;         /* it changes Redis, not PostgreSQL */
    bool takes_long;     /* it is answered when it is begun, and recorded again when it has ended */
    int64_t deadline_us; /* 0: as usual */
    const char *help;    /* one line */
};

enum cairn_action_id {
    CAIRN_RETRY_PARKED,
    CAIRN_SKIP_PARKED,
    CAIRN_REBUILD,
    CAIRN_ACCEPT_REBUILD,
    CAIRN_CANCEL_REBUILD,
    CAIRN_ROLL_BACK,
    CAIRN_WITHDRAW_ROLLBACK,
    CAIRN_RETRY_PROCESSES,
    CAIRN_SKIP_INSTANCE,
    CAIRN_MOVE_TIMER,
    CAIRN_CANCEL_TIMER,
    CAIRN_RETRY_DEAD_LETTERS,
    CAIRN_VERIFY,
    CAIRN_CANCEL_VERIFICATION,
    CAIRN_AMEND,
    CAIRN_APPEND,
    CAIRN_RECOVER,
    CAIRN_ACTION_COUNT
};

extern const struct cairn_action cairn_actions[CAIRN_ACTION_COUNT];

#endif
