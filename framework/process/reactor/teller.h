/* teller.h - what a reactor asks of other services, by HTTP, or of a test. */
#ifndef CAIRN_PROCESS_TELLER_H
#define CAIRN_PROCESS_TELLER_H

#include "process/react/reaction.h"

#include <cairn/reactor.h>

struct cairn_command_client;

struct cairn_teller {
    void *self;
    /* Returns what cairn_tell() returns. The command satisfies its record. */
    int (*tell)(const struct cairn_teller *teller, const struct cairn_call *call,
                const struct cairn_sent *command, struct cairn_error *error);
    /* Returns what cairn_look() returns. */
    int (*look)(const struct cairn_teller *teller, const struct cairn_call *call, const char *path,
                const struct cairn_record *record, void *ret, struct cairn_error *error);
};

/* Returns a teller that sends to the services of the client, which it borrows. */
struct cairn_teller cairn_teller_by_http(struct cairn_command_client *client);

#endif
