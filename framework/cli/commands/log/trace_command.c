/* trace_command.c - `cairn trace`: shows all that a request has caused. */
#include "cli/commands/commands.h"
#include "cli/trace/trace_print.h"
#include "core/threads/clock.h"

#include <sysexits.h>
#include <unistd.h>

static void add_lines(const struct cairn_trace_report *trace, struct cairn_buffer *out)
{
    cairn_trace_json_nodes(trace, "\n", out);
    cairn_buffer_text(out, out->length ? "\n" : "");
    cairn_trace_json_sum(trace, out);
    cairn_buffer_char(out, '\n');
}

static void print(const struct cairn_trace_report *trace, const struct cairn_cli_options *options,
                  struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    if (options->json)
        add_lines(trace, &out);
    else if (options->dot)
        cairn_trace_tree_dot(trace, &out);
    else
        cairn_trace_tree_text(trace, cairn_terminal_has_colours(),
                              cairn_terminal_width(STDOUT_FILENO), &out);
    (void)fputs(out.text, stdout);
}

static int run_trace(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --dot --limit", 1, &options);
    if (status >= 0)
        return status;
    if (options.word_count == 0)
        return cairn_cli_misuse(command,
                                "name the id of a command, an event, a correlation or a trace");
    if (options.json && options.dot)
        return cairn_cli_misuse(command, "--json or --dot, not both");
    if (options.limit > CAIRN_TRACE_LIMIT_MAX)
        return cairn_cli_misuse(command, "--limit is at most 10000");
    struct cairn_arena arena = {0};
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    struct cairn_trace_report trace;
    int outcome = cairn_cli_open(&pg, &error);
    if (!outcome) {
        cairn_pg_set_deadline(pg, CAIRN_MINUTES(1));
        outcome = cairn_trace_load(pg, options.words[0], options.limit, &arena, &trace, &error);
    }
    if (!outcome)
        print(&trace, &options, &arena);
    status = cairn_cli_end(command, pg, outcome, &error);
    cairn_arena_close(&arena);
    return outcome == -CAIRN_MALFORMED ? EX_USAGE : status;
}

const struct cairn_cli_command cairn_cli_trace = {
    .name = "trace",
    .usage = "trace ID [--limit N] [--json | --dot]",
    .summary = "show all that a request has caused, as a tree",
    .details =
        "ID is a correlation, the id of a command or an event, a trace id (or a whole traceparent), or a position\n"
        "of the log; correlation:ID, command:ID, event:ID, trace:ID or position:N, if it could be several. Shows\n"
        "commands, their events, rows of read models, what was published and consumed, what reactors and processes\n"
        "sent, and timers, each with the milliseconds since the beginning, and since what caused it; from the\n"
        "log and its tables alone. Rows are those that no later event has changed. At most N events (1000) are\n"
        "shown. --json prints a node a line, --dot a graph for Graphviz.",
    .example = "cairn trace 0199aaaa-0000-7000-8000-000000000002 --dot | dot -Tsvg > order.svg",
    .run = run_trace,
};
