/* reaction.c - collects the commands and timers of a reaction, and checks them. */
#include "process/react/reaction.h"

#include "record/json.h"

#include <string.h>

void cairn_reaction_init(struct cairn_reaction *ret, struct cairn_arena *arena)
{
    *ret = (struct cairn_reaction){.arena = arena};
}

void cairn_send(struct cairn_reaction *ret, const struct cairn_commands *commands,
                struct cairn_uuid id, const struct cairn_record *record, const void *command)
{
    const struct cairn_command_type *type = cairn_commands_of(commands, record);
    if (!type) {
        (void)cairn_fail(
            &ret->misuse, CAIRN_BUG,
            "the process sent a %s, which is not a command of %s%s%s: CAIRN_SEND names "
            "the noun whose CAIRN_COMMANDS list it",
            record->name, commands->category, commands->at ? ", at " : "",
            commands->at ? commands->at : "");
        return;
    }
    if (ret->sent_count == CAIRN_REACTION_MAX) {
        (void)cairn_fail(
            &ret->misuse, CAIRN_BUG,
            "one reaction sent more than %d commands, the last one a %s: send the rest "
            "in later reactions, as by a timer",
            CAIRN_REACTION_MAX, record->name);
        return;
    }
    void *copy = cairn_arena_alloc(ret->arena, record->size, record->align);
    cairn_record_copy(record, command, copy, ret->arena);
    ret->sent[ret->sent_count++] = (struct cairn_sent){commands, type, id, copy};
}

static void change_timer(struct cairn_reaction *ret, const char *name, bool cancelled,
                         struct cairn_time at)
{
    if (!name || !*name) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "a timer without a name: give cairn_schedule and cairn_cancel that of a "
                         "CAIRN_WHEN_TIMER");
        return;
    }
    if (ret->timer_count == CAIRN_REACTION_MAX) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "one reaction changed more than %d timers",
                         CAIRN_REACTION_MAX);
        return;
    }
    ret->timers[ret->timer_count++] =
        (struct cairn_timer_change){cairn_copy_text(ret->arena, name), cancelled, at};
}

void cairn_schedule(struct cairn_reaction *ret, const char *name, struct cairn_time at)
{
    change_timer(ret, name, false, at);
    if (at.us <= 0) /* most likely a time that was never set */
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "the timer %s is set to no time: the time of cairn_schedule was never "
                         "assigned",
                         name);
}

void cairn_cancel(struct cairn_reaction *ret, const char *name)
{
    change_timer(ret, name, true, (struct cairn_time){0});
}

static void change_association(struct cairn_reaction *ret, const char *name, struct cairn_uuid id,
                               bool ended)
{
    if (!name || !*name || cairn_uuid_is_zero(id))
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "an association without a name or an id: give cairn_associate and "
                         "cairn_dissociate the name of a CAIRN_WHEN_ALL, and an id that is set");
    else if (ret->association_count == CAIRN_REACTION_MAX)
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "one reaction changed more than %d associations",
                         CAIRN_REACTION_MAX);
    else
        ret->associations[ret->association_count++] =
            (struct cairn_association_change){cairn_copy_text(ret->arena, name), id, ended};
}

void cairn_associate(struct cairn_reaction *ret, const char *name, struct cairn_uuid id)
{
    change_association(ret, name, id, false);
}

void cairn_dissociate(struct cairn_reaction *ret, const char *name, struct cairn_uuid id)
{
    change_association(ret, name, id, true);
}

struct cairn_time cairn_next_period(struct cairn_time now, int64_t period_us)
{
    int64_t unix_us = cairn_time_to_unix(now);
    return cairn_time_of_unix((unix_us / period_us + 1) * period_us);
}

static bool sends(const struct cairn_process *process, const struct cairn_commands *commands)
{
    for (size_t i = 0; process->sends && process->sends[i]; i++) {
        if (strcmp(process->sends[i]->category, commands->category) == 0)
            return true;
    }
    return false;
}

static int check_targets(const struct cairn_process *process, const struct cairn_reaction *reaction,
                         struct cairn_error *error)
{
    for (size_t i = 0; i < reaction->sent_count; i++) {
        const struct cairn_sent *sent = &reaction->sent[i];
        if (!sends(process, sent->commands))
            return cairn_fail(error, CAIRN_BUG,
                              "the process sent a %s to %s, which its CAIRN_SENDS does not name: "
                              "write CAIRN_SENDS(%s, …)",
                              sent->type->name, sent->commands->category, sent->commands->category);
    }
    return 0;
}

const struct cairn_when *cairn_when_timer(const struct cairn_process *process, const char *name)
{
    for (const struct cairn_registered *at = process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->input == CAIRN_INPUT_TIMER && strcmp(when->timer, name) == 0)
            return when;
    }
    return NULL;
}

/* Returns the names of the timers that the process handles: "\"patience\", \"reminder\"". */
static const char *handled_timers(const struct cairn_process *process, struct cairn_arena *arena)
{
    const char *names = "";
    for (const struct cairn_registered *at = process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->input == CAIRN_INPUT_TIMER && !when->every_us)
            names = cairn_print(arena, "%s%s\"%s\"", names, *names ? ", " : "", when->timer);
    }
    return names;
}

/* A timer without a handler would fire without any effect. One that is cancelled may be of an older
 * release. */
static int check_timers(const struct cairn_process *process, const struct cairn_reaction *reaction,
                        struct cairn_error *error)
{
    for (size_t i = 0; i < reaction->timer_count; i++) {
        const struct cairn_timer_change *change = &reaction->timers[i];
        if (change->cancelled || cairn_when_timer(process, change->name))
            continue;
        const char *names = handled_timers(process, reaction->arena);
        return cairn_fail(error, CAIRN_BUG,
                          "process %s set the timer \"%s\", which it has no handler for: write "
                          "CAIRN_WHEN_TIMER(%s, …, \"%s\"), or give cairn_schedule the name of "
                          "one that is handled (%s)",
                          process->name, change->name, process->name, change->name,
                          *names ? names : "there is none");
    }
    return 0;
}

int cairn_reaction_check(const struct cairn_reaction *reaction, struct cairn_error *error)
{
    if (reaction->misuse.code != CAIRN_OK)
        return cairn_error_pass(error, &reaction->misuse);
    for (size_t i = 0; i < reaction->sent_count; i++) {
        const struct cairn_sent *sent = &reaction->sent[i];
        struct cairn_error wrong = {0};
        if (cairn_record_check(sent->type->record, sent->command, &wrong) < 0)
            return cairn_record_misfit(sent->type->record, &wrong, error, "the process sent a %s",
                                       sent->type->name);
    }
    return 0;
}

/* Checks what the reaction has left: what it sent and set, and the state. */
static int check_step(const struct cairn_process *process, const struct cairn_reaction *reaction,
                      const void *state, struct cairn_error *error)
{
    int failed = cairn_reaction_check(reaction, error);
    if (!failed)
        failed = check_targets(process, reaction, error);
    if (!failed)
        failed = check_timers(process, reaction, error);
    if (failed)
        return failed;
    struct cairn_error wrong = {0};
    if (cairn_record_check(process->state, state, &wrong) < 0)
        return cairn_record_misfit(process->state, &wrong, error, "the process left a %s",
                                   process->name);
    return 0;
}

int cairn_process_step(const struct cairn_process *process, const struct cairn_when *when,
                       void *state, const void *input, const struct cairn_given *given,
                       struct cairn_arena *arena, struct cairn_reaction *ret,
                       struct cairn_error *error)
{
    cairn_reaction_init(ret, arena);
    struct cairn_given with_arena = *given;
    with_arena.arena = arena;
    when->react(state, input, &with_arena, ret);
    if (when->every_us > 0)
        cairn_schedule(ret, when->timer, cairn_next_period(given->now, when->every_us));
    int failed = check_step(process, ret, state, error);
    if (failed && process->at)
        cairn_error_context(error, "%s", process->at);
    return failed;
}
