/* ticket.c - tickets are opened, and closed once. */
#include <cairn/service.h>

/* What happened, and what one may ask for. A struct and its field table say it once. */
struct ticket_opened {
    const char *title;
};
struct ticket_closed {
    const char *reason;
};
struct ticket_event {
    enum { TICKET_OPENED = 1, TICKET_CLOSED } type;
    union {
        struct ticket_opened ticket_opened;
        struct ticket_closed ticket_closed;
    } as;
};
CAIRN_RECORD(ticket_opened, CAIRN_FIELD(ticket_opened, title, .max_bytes = 200));
CAIRN_RECORD(ticket_closed, CAIRN_FIELD(ticket_closed, reason));
CAIRN_EVENTS(ticket, CAIRN_EVENT(ticket, TICKET_OPENED, ticket_opened, "TicketOpened", 1),
             CAIRN_EVENT(ticket, TICKET_CLOSED, ticket_closed, "TicketClosed", 1));

struct open_ticket {
    const char *title;
};
struct close_ticket {
    const char *reason;
};
struct ticket_command {
    enum { OPEN_TICKET = 1, CLOSE_TICKET } type;
    union {
        struct open_ticket open_ticket;
        struct close_ticket close_ticket;
    } as;
};
CAIRN_RECORD(open_ticket, CAIRN_FIELD(open_ticket, title, .max_bytes = 200));
CAIRN_RECORD(close_ticket, CAIRN_FIELD(close_ticket, reason));
CAIRN_COMMANDS(ticket, CAIRN_COMMAND(ticket, OPEN_TICKET, open_ticket, "POST /tickets"),
               CAIRN_COMMAND(ticket, CLOSE_TICKET, close_ticket, "POST /tickets/{id}/close"));

/* The state that the rules need, folded from the events. */
struct ticket {
    bool closed;
};
CAIRN_RECORD(ticket, CAIRN_FIELD(ticket, closed));

static void ticket_evolve(struct ticket *self, const struct ticket_event *event)
{
    switch (event->type) {
    case TICKET_OPENED:
        self->closed = false;
        break;
    case TICKET_CLOSED:
        self->closed = true;
        break;
    }
}

/* The rules: a command on a state gives events, or a refusal. */
static int ticket_decide(const struct ticket *self, const struct ticket_command *command,
                         const struct cairn_given *given, struct cairn_decision *ret,
                         struct cairn_error *error)
{
    (void)given;
    switch (command->type) {
    case OPEN_TICKET:
        CAIRN_EMIT(ret, ticket_opened, .title = command->as.open_ticket.title);
        return 0;
    case CLOSE_TICKET:
        if (self->closed)
            return cairn_refuse(error, "ticket-closed", "the ticket was closed before");
        CAIRN_EMIT(ret, ticket_closed, .reason = command->as.close_ticket.reason);
        return 0;
    }
    return cairn_fail(error, CAIRN_BUG, "no such command");
}
CAIRN_DECIDER(ticket, .state_version = 1);

/* A read model: one row a ticket, changed by each event. */
struct tickets {
    struct cairn_uuid ticket_id;
    const char *title;
    const char *closed_because;
};
CAIRN_RECORD(tickets, CAIRN_FIELD(tickets, ticket_id), CAIRN_FIELD(tickets, title),
             CAIRN_FIELD(tickets, closed_because, .optional = true));

static enum cairn_row opened(struct tickets *row, const struct ticket_opened *event,
                             const struct cairn_meta *meta)
{
    *row = (struct tickets){.ticket_id = meta->id, .title = event->title};
    return CAIRN_KEEP;
}
CAIRN_ON(tickets, ticket, ticket_opened, opened);

static enum cairn_row closed(struct tickets *row, const struct ticket_closed *event,
                             const struct cairn_meta *meta)
{
    (void)meta;
    row->closed_because = event->reason;
    return CAIRN_KEEP;
}
CAIRN_ON(tickets, ticket, ticket_closed, closed);
CAIRN_PROJECTION(tickets, .version = 1,
                 CAIRN_ON_LIST(&tickets_on_ticket_opened, &tickets_on_ticket_closed));

/* One process that takes commands, follows the log and answers queries. */
static const struct cairn_resource resources[] = {
    {.path = "/tickets/{id}", .projection = &tickets_projection}, {.path = NULL}};
static const struct cairn_service ticket_service = {.name = "ticket",
                                                    .port = 8090,
                                                    .deciders = {&ticket_decider},
                                                    .projections = {&tickets_projection},
                                                    .resources = resources};

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&ticket_service, NULL});
}
