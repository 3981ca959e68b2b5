/* main.c - the `cairn` command: the table of its subcommands, and the dispatch. */
#include "cli/cli.h"

#include "cli/commands/completion_command.h"
#include "core/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

const struct cairn_cli_command cairn_cli_commands[] = {
    {"migrate", "migrate", "bring the database's schema up to this release",
     "Applies the migrations that this release carries and the database has not had, in\n"
     "order, each in a transaction of its own. Connect as the owner of the database; the\n"
     "role has to be allowed to make roles the first time.",
     "DATABASE_URL=postgresql://owner@host/shop cairn migrate", cairn_cli_migrate},
    {"status", "status [--watch] [--json]", "show the store and how far each read model has come",
     "Shows the store's id, epoch and newest position, who holds the lock that appends\n"
     "wait for, and each generation of each read model: its state, its position, its lag in\n"
     "events and seconds, the events a second that it goes through now, keys that are parked, who\n"
     "has its lease, and what is to be said of it: how far it is built, why it is held, until "
     "when\n"
     "it is kept, what is wrong with it. --watch shows it again every second.\n\n"
     "States: live (shown by the view, read by queries of its code version), serving (read by\n"
     "queries of its, older code version), building, held (built, but not read yet), kept "
     "(followed\n"
     "for `cairn rollback`), diverged (of another history than the log).",
     "cairn status --watch", cairn_cli_status},
    {"rebuild", "rebuild NAME [--diff | --watch | --accept | --cancel] [--json]",
     "build a read model anew beside the one that is read, and switch",
     "Asks the projector for another generation of the read model, in the code version that is\n"
     "live, and watches it: the log is read and folded, rows are loaded into both stores and\n"
     "indexed, the generation follows the log, and queries go there when it is at or past the\n"
     "one that is read. If a rebuild is under way it is joined. Whoever interrupts the watch does\n"
     "not stop the rebuild.\n\n"
     "--diff has it compared with the one that is read, and held if rows differ; it is also held\n"
     "if more keys are parked. --accept has one that is held read all the same, --cancel gives up\n"
     "one that is under way or held, --watch only watches the one that is under way, of whichever\n"
     "code version. Ends with 1 if it is held, if it was cancelled, or if no projector of that\n"
     "version has been there for 15 seconds; the request stays then. Connect as the owner of the\n"
     "database or as the projector.",
     "cairn rebuild order_summary --diff", cairn_cli_rebuild},
    {"rollback", "rollback NAME [GENERATION]",
     "have queries read the generation before again, or the one after",
     "Asks the projector to have queries go back to the generation that they have left last, or "
     "to\n"
     "the one that is named: one that is followed still (`cairn status` says which, and until\n"
     "when). They can go forward again in the same way. To a generation of another code version "
     "it\n"
     "takes a projector of that version, and query services of it to read it. Waits up to 20\n"
     "seconds; ends with 1 if it was not done. Connect as the owner of the database or as the\n"
     "projector.",
     "cairn rollback order_summary", cairn_cli_rollback},
    {"parked",
     "parked [NAME] [--limit N] [--json] | parked retry NAME [KEY] | parked skip NAME KEY POSITION",
     "show, retry or skip events that could not be applied to a row",
     "Shows the keys that are parked, of one read model if it is named, each with the event\n"
     "that is in its way; at most N (50).\n\n"
     "`parked retry` asks the projector to apply the events of a key again, in order, or those\n"
     "of all keys: after the cause was mended. `parked skip` has it go on with a key without\n"
     "the event that is in its way, which stays noted in cairn.skipped. Both wait up to 15\n"
     "seconds for the projector that has the lease. They end with 1 if something is parked\n"
     "still, or if there was nothing to do. Connect as the owner of the database or as the\n"
     "projector.",
     "cairn parked retry order_summary 0193d0a4-…", cairn_cli_parked},
    {"streams", "streams [CATEGORY] [--limit N] [--json]", "list streams, the last moved first",
     "Lists at most N streams (20), of one category if it is named. Reads the whole log.",
     "cairn streams order --limit 5", cairn_cli_streams},
    {"read", "read STREAM [--after VERSION] [--limit N] [--json]", "show the events of a stream",
     "Shows at most N events (1000) of the stream after a version (0), in order. Ends with\n"
     "1 if there are none.",
     "cairn read pot-7 --json | jq .data", cairn_cli_read},
    {"tail", "tail [--after POSITION] [--limit N] [--json]", "show the newest events",
     "Shows the newest N events (10), or the first N after a position, in order.",
     "cairn tail --limit 3", cairn_cli_tail},
    {"append", "append STREAM TYPE JSON [--expect VERSION] [--json]", "append one event",
     "Appends an event whose data is the JSON object, if the stream is at this version (0:\n"
     "if there is no such stream; not said: whatever is there). Ends with 1 if it is not.",
     "cairn append pot-7 PotFilled '{\"litres\": 3}' --expect 0", cairn_cli_append},
    {"amend", "amend [POSITION REASON [JSON]] [--json]",
     "have an event that cannot be read passed over, or read otherwise",
     "The log is never changed. But an event that nobody can read keeps its stream from going\n"
     "on, and one of a type that nobody knows keeps services from starting. An amendment\n"
     "stands beside the log, with your name and reason: the event is passed over, or read as\n"
     "if its data were the JSON object. Processes take it in when they start: restart those\n"
     "that read the stream. Without arguments, shows what was amended. Connect as the owner\n"
     "of the database.",
     "cairn amend 4711 'mistyped in psql'", cairn_cli_amend},
    {"verify", "verify [NAME] [--from POSITION] [--json]",
     "prove the log and what is kept beside it, or a read model",
     "Proves that positions and versions have no gaps, times do not go back, ids are there\n"
     "once, data and meta can be read, the log is protected against changes, and that\n"
     "event types, claims and commands are what the log says; of the events from a position\n"
     "on (1). It only reads, and appends go on. Ends with 1 if it has found a problem.\n\n"
     "With the NAME of a read model it folds the log again and holds every row against it, in\n"
     "PostgreSQL and in Redis, while the projector goes on; it says what differs and which\n"
     "event touched the row last. The program that has the projections does it: the one that\n"
     "CAIRN_PROJECTOR names, any of yours (`my-service verify NAME`), or else cairn-projector.",
     "cairn verify order_summary", cairn_cli_verify},
    {"export", "export [--from POSITION] [--to POSITION]", "write the log to standard output",
     "Writes one JSON object a line: a header, the events, and a last line without which the\n"
     "file is not complete. Each line has a checksum of all before it. Appends go on\n"
     "meanwhile; what they append is not in the file.",
     "cairn export | gzip > shop.jsonl.gz", cairn_cli_export},
    {"import", "import", "fill an empty store from an export",
     "Reads a file of `cairn export` from standard input, all of it or nothing: positions,\n"
     "versions, ids, times and the store's identity are those of the exported store; event\n"
     "types, claims and commands are made from the events. The store has to be empty and the\n"
     "role its owner. If the exported store went on after the export, run `cairn recover`\n"
     "next: clients and read models may know what is not in the file.",
     "cairn migrate && gunzip < shop.jsonl.gz | cairn import", cairn_cli_import},
    {"recover", "recover [--yes]", "start a new epoch after a restore to an older state",
     "Says where the log ends and which read models, claims and commands do not belong to it.\n"
     "Then, if you say yes, it starts a new epoch, makes claims and commands again from the\n"
     "log and ends all other sessions of the database, so that every process notices.\n"
     "Positions that were handed out before are answered 412 from then on. Read models that\n"
     "belong to the log are taken along. Connect as the owner of the database.",
     "cairn recover --yes", cairn_cli_recover},
    {"processes",
     "processes [parked | retry [NAME [WHICH]] | skip NAME STREAM] [--limit N] [--json]",
     "show process managers and reactors, and what was parked",
     "Shows how far each has followed the log, the commands it has to deliver yet, its timers,\n"
     "where it runs and why it stands still, if it does. `parked` lists events that reactors\n"
     "have given up on, and processes that cannot be read or whose events cannot. `retry` has\n"
     "them tried again: all, those of a reactor or of process/NAME, one by its position or its\n"
     "stream. `skip` passes over the event that a process stopped at.",
     "cairn processes retry charging", cairn_cli_processes},
    {"timers", "timers [list | move STREAM NAME WHEN | cancel STREAM NAME] [--limit N] [--json]",
     "show the timers of processes, move or cancel one",
     "Lists at most N timers (1000), the next one first. Moving and cancelling append an event\n"
     "to the process' stream, as the process itself would. WHEN is a time, or how long from\n"
     "now. Ends with 1 if the timer is not set, or the process was quicker.",
     "cairn timers move fulfilment-0193… payment-deadline '30 min'", cairn_cli_timers},
    {"bus", "bus [dead GROUP | retry GROUP [ID]] [--limit N] [--json]",
     "how far the log is published, who reads it, what could not be handled",
     "Shows the publisher, the streams and the consumer groups: how many entries a group has not\n"
     "been given yet (lag), has in its hands (pending), has given up (dead), and the positions "
     "that\n"
     "were cut from the bus at its cap before it had handled them (lost). `dead` lists what was\n"
     "given up, the newest first, with the reason; `retry` hands one of them, or all, out again,\n"
     "out of order. REDIS_URL says where the bus is.",
     "cairn bus retry notification", cairn_cli_bus},
    {"completion", "completion bash", "print the completion of this command for a shell",
     "Prints a script that completes subcommands, options, streams and read models.",
     "source <(cairn completion bash)", cairn_cli_completion},
    {.name = NULL},
};

static void print_help(FILE *out)
{
    (void)fprintf(out, "Usage: cairn COMMAND [OPTION]...\n\n");
    for (const struct cairn_cli_command *at = cairn_cli_commands; at->name; at++)
        (void)fprintf(out, "  %-10s %s\n", at->name, at->help);
    (void)fprintf(out, "\nThe database is DATABASE_URL, or what the file DATABASE_URL_FILE holds.\n"
                       "`cairn COMMAND --help` says more, with an example.\n"
                       "\nExit status:\n"
                       "   0  done\n"
                       "   1  no: a problem was found, a condition did not hold, nothing is there\n"
                       "  64  wrong usage, or DATABASE_URL makes no sense\n"
                       "  69  the database cannot be reached, or is busy\n"
                       "  70  a defect of Cairn\n"
                       "  77  the role has no right to do this\n"
                       "  78  the database's schema is not the one of this release\n");
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "complete") == 0)
        return cairn_cli_complete(argc - 1, argv + 1);
    for (const struct cairn_cli_command *at = cairn_cli_commands; at->name; at++) {
        if (strcmp(argv[1], at->name) == 0)
            return at->run(at, argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "cairn: %s is no command: `cairn --help` lists them\n", argv[1]);
    return EX_USAGE;
}

/* Fails if the output could not be written, whatever the result of the command itself. */
int main(int argc, char **argv)
{
    cairn_standard_files();
    int status = run_command(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    (void)fprintf(stderr, "cairn: the output could not be written: is the disk full?\n");
    return status ? status : EXIT_FAILURE;
}
