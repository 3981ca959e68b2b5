/* main.c - the console: what operators see and do, over HTTP, for the whole system.
 * docs/OPERATING.md shows how; and, at /console, pages that do it in a browser: docs/CONSOLE.md.
 *
 * It connects to the database as its owner, as the command `cairn` does: with a role that has less,
 * what that role may not do is answered 403. */
#include "../bff/bff.h"
#include "../log/shop_log.h"
#include "../projector/projector.h"
#include "../query/query.h"

extern const struct cairn_file console_files[]; /* made by web/build */
extern const struct cairn_service user_service;
extern const struct cairn_service order_service;
extern const struct cairn_service payment_service;
extern const struct cairn_service notification_service;

static const struct cairn_service *const shop[] = {
    &user_service,         &order_service,     &payment_service,
    &notification_service, &projector_service, &query_service,
    &bff_service,          &log_service,       NULL,
};

CAIRN_MAIN({
    .name = "console",
    .port = 8060,
    .operators = true,
    .system = shop,
    .files = console_files,
    .help = "what operators see and do",
});
