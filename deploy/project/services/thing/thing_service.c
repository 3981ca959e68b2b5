/* thing_service.c - the thing service: accepts commands, follows the log, answers queries. */
#include "thing_service.h"

#include "../../projections/things.h"
#include "thing.h"
#include "thing_expiry.h"

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_THING_EXPIRY_S",
     .fallback = "2592000",
     .unit = "s",
     .number = &thing_expiry_s,
     .min = 1,
     .max = 31536000,
     .help = "how long one may stay open"},
    {.name = NULL},
};

const struct cairn_service thing_service = {
    .name = "thing",
    .port = 8030,
    .help = "opens what can be closed once",
    .deciders = {&thing_decider},
    .processes = {&thing_expiry_process},
    .projections = {&things_projection},
    .resources = CAIRN_RESOURCES({.path = "/things/{id}",
                                  .projection = &things_projection,
                                  .allow = CAIRN_SIGNED_IN,
                                  .help = "One."},
                                 {.path = "/things",
                                  .projection = &things_projection,
                                  .list = true,
                                  .filters = {{"closed", "closed", CAIRN_EQUAL}},
                                  .order = "opened_at",
                                  .descending = true,
                                  .allow = CAIRN_SIGNED_IN,
                                  .help = "All of them, the newest first."}),
    .settings = settings,
};
