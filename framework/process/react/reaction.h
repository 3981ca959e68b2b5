/* reaction.h - the commands and timers that a process manager returns, collected. */
#ifndef CAIRN_PROCESS_REACTION_H
#define CAIRN_PROCESS_REACTION_H

#include "core/containers/arena.h"
#include "store/command_type.h"

#include <cairn/process.h>

#include <stdbool.h>

enum { CAIRN_REACTION_MAX = 50 };

struct cairn_sent {
    const struct cairn_commands *commands;
    const struct cairn_command_type *type;
    struct cairn_uuid id;
    const void *command; /* a copy of the command's struct */
};

struct cairn_timer_change {
    const char *name; /* a copy */
    bool cancelled;
    struct cairn_time at; /* zero if cancelled */
};

struct cairn_association_change {
    const char *name; /* a copy */
    struct cairn_uuid id;
    bool ended;
};

struct cairn_reaction {
    struct cairn_arena *arena;
    struct cairn_sent sent[CAIRN_REACTION_MAX];
    size_t sent_count;
    struct cairn_timer_change timers[CAIRN_REACTION_MAX];
    size_t timer_count;
    struct cairn_association_change associations[CAIRN_REACTION_MAX];
    size_t association_count;
    struct cairn_error misuse; /* the first programming error, if there was one */
};

void cairn_reaction_init(struct cairn_reaction *ret, struct cairn_arena *arena);

/* Checks what was sent against its records. Returns 0, or -CAIRN_BUG: a programming error of the
 * process. */
int cairn_reaction_check(const struct cairn_reaction *reaction,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Returns the handler of a timer; NULL if there is none. */
const struct cairn_when *cairn_when_timer(const struct cairn_process *process, const char *name);

/* Performs one step of a process, pure: reacts to `input`, which is what `when` handles (the
 * event's struct, the timer's name or a struct cairn_refusal), and changes `state`. Returns 0, or
 * -CAIRN_BUG if what was sent, or the state, violates its record, or a timer was set that the
 * process has no handler for. What the state points to is borrowed from the input. */
int cairn_process_step(const struct cairn_process *process, const struct cairn_when *when,
                       void *state, const void *input, const struct cairn_given *given,
                       struct cairn_arena *arena, struct cairn_reaction *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Returns the end of the period, counted from 1970, that `now` is in. */
struct cairn_time cairn_next_period(struct cairn_time now, int64_t period_us);

#endif
