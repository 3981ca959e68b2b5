/* main.c - the console: what operators see and do, over HTTP, for the whole system.
 * docs/OPERATING.md shows how.
 *
 * It connects to the database as its owner, as the command `cairn` does: with a role that has less,
 * what that role may not do is answered 403. */
#include <cairn/service.h>

CAIRN_MAIN({
    .name = "console",
    .port = 8060,
    .operators = true,
    .help = "what operators see and do",
});
