/* history_program.c - folds one row of a read model from the log, for a user or a script. */
#include "runtime/history_program.h"

#include "projection/find.h"
#include "projection/history/row_when.h"
#include "record/json.h"
#include "runtime/state_program.h"
#include "store/events/amend.h"

#include <string.h>
#include <sysexits.h>

/* ---- the command line ---- */

struct wanted {
    bool at;          /* "at", else "why" */
    const char *when; /* of "at": a position or a time */
    const char *name;
    const char *key;
    int64_t limit;
    bool json;
};

static bool take_word(struct wanted *wanted, const char *word)
{
    const char **places[] = {&wanted->when, &wanted->name, &wanted->key};
    for (size_t i = wanted->at ? 0 : 1; i < 3; i++) {
        if (!*places[i]) {
            *places[i] = word;
            return true;
        }
    }
    return false;
}

static bool read_arguments(int argc, char **argv, struct wanted *ret)
{
    ret->at = strcmp(argv[0], "at") == 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            ret->json = true;
        else if (strcmp(argv[i], "--limit") == 0 && !ret->at && i + 1 < argc) {
            if (cairn_integer_parse(argv[++i], &ret->limit) < 0 || ret->limit < 1 ||
                ret->limit > CAIRN_ROW_STEPS_MAX)
                return false;
        } else if (argv[i][0] == '-' || !take_word(ret, argv[i]))
            return false;
    }
    return ret->key || (ret->at && ret->name);
}

/* ---- what is asked ---- */

static int read_history(const struct cairn_config *config, const struct wanted *wanted,
                        struct cairn_row_question *question, struct cairn_row_history *ret,
                        struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_store *store = NULL;
    int failed = cairn_store_open(config->database_url, "history", &store, error);
    if (!failed)
        failed = cairn_amendments_load(cairn_store_pg(store), error);
    if (!failed) {
        cairn_pg_set_deadline(cairn_store_pg(store), CAIRN_MINUTES(1));
        failed = cairn_row_when(store, wanted->when, &arena, question, error);
    }
    if (!failed)
        failed = cairn_row_history_read(store, question, ret, error);
    cairn_store_close(store);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- output ---- */

static void print_changes(const struct cairn_row_step *step)
{
    for (size_t i = 0; i < step->change_count; i++) {
        const struct cairn_json_change *change = &step->changes[i];
        if (!change->from && strcmp(change->to, "null") == 0)
            continue;
        (void)printf("    %s: %s%s%s\n", change->field, change->from ? change->from : "",
                     change->from && change->to ? " -> " : "", change->to ? change->to : "");
    }
}

static void print_step(const struct cairn_row_step *step)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(step->recorded_at, at);
    (void)printf("#%" PRId64 " %s  %s of %s v%" PRId64 ": %s\n", step->position, at, step->type,
                 step->stream, step->version, cairn_row_effect_name(step->effect));
    if (step->command_id)
        (void)printf("    by %s %s%s%s\n", step->command ? step->command : "command",
                     step->command_id, step->actor ? ", of " : "", step->actor ? step->actor : "");
    if (step->traceparent && strlen(step->traceparent) > 35)
        (void)printf("    trace %.32s\n", step->traceparent + 3);
    print_changes(step);
}

static void print_why(const struct cairn_row_history *history, const struct wanted *wanted,
                      const struct cairn_row_question *question)
{
    if (history->left_out)
        (void)printf("%" PRId64 " earlier events are left out: --limit shows up to %d\n",
                     history->left_out, CAIRN_ROW_STEPS_MAX);
    for (size_t i = 0; i < history->count; i++)
        print_step(&history->steps[i]);
    (void)printf("%s %s at position %" PRId64 ": %s\n", wanted->name, wanted->key, question->to,
                 *history->row ? history->row : "there is no row");
}

static void print_json(const struct cairn_row_history *history, const struct wanted *wanted,
                       const struct cairn_row_question *question)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    for (size_t i = 0; i < history->count && !wanted->at; i++) {
        cairn_row_step_json(&history->steps[i], &out);
        cairn_buffer_char(&out, '\n');
    }
    cairn_row_history_json(history, question, wanted->at, &out);
    cairn_buffer_char(&out, '\n');
    (void)fputs(out.text, stdout);
    cairn_arena_close(&arena);
}

/* Returns the exit status. */
static int show(const struct cairn_row_history *history, const struct wanted *wanted,
                const struct cairn_row_question *question)
{
    bool found = wanted->at ? *history->row != '\0' : history->count > 0;
    if (wanted->json)
        print_json(history, wanted, question);
    else if (wanted->at && found)
        (void)printf("%s\n", history->row);
    else if (found)
        print_why(history, wanted, question);
    if (!found && !wanted->json)
        (void)fprintf(stderr, "%s: %s %s up to position %" PRId64 "\n", wanted->key,
                      wanted->at ? "there is no such row in" : "no event concerns it in",
                      wanted->name, question->to);
    return found ? 0 : 1;
}

/* ---- the whole ---- */

static int report(const struct wanted *wanted, const struct cairn_error *error)
{
    (void)fprintf(stderr, "%s %s: %s\n", wanted->at ? "at" : "why", wanted->name, error->message);
    if (error->code == CAIRN_MALFORMED)
        return EX_USAGE;
    return error->code == CAIRN_UNAVAILABLE || error->code == CAIRN_BUSY ? EX_UNAVAILABLE : 1;
}

int cairn_host_history(const struct cairn_config *config,
                       const struct cairn_service *const services[], int argc, char **argv)
{
    struct wanted wanted = {0};
    struct cairn_error error = {0};
    struct cairn_row_history history = {.row = ""};
    if (!read_arguments(argc, argv, &wanted)) {
        (void)fprintf(stderr,
                      "Usage: why NAME KEY [--limit N] [--json]\n"
                      "       at POSITION|TIME NAME KEY [--json]\n"
                      "       at POSITION|TIME STREAM [--json]\n"
                      "N is from 1 to %d\n",
                      CAIRN_ROW_STEPS_MAX);
        return EX_USAGE;
    }
    if (!wanted.key)
        return cairn_host_state(config, services, wanted.when, wanted.name, wanted.json);
    struct cairn_row_question question = {.projection =
                                              cairn_projection_find(services, wanted.name),
                                          .key = wanted.key,
                                          .steps_max = wanted.at ? 1 : wanted.limit};
    if (!question.projection) {
        (void)fprintf(stderr, "%s: this binary has no read model %s\n", argv[0], wanted.name);
        return EX_USAGE;
    }
    int failed = read_history(config, &wanted, &question, &history, &error);
    int status = failed ? report(&wanted, &error) : show(&history, &wanted, &question);
    cairn_row_history_close(&history);
    return status;
}
