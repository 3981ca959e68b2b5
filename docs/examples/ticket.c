/* ticket.c - tickets are opened, and closed once. */
#include <cairn/service.h>

/* What happened, and what one may ask for. */
CAIRN_STRUCT(ticket_opened, TEXT(title, .max_bytes = 200));
CAIRN_STRUCT(ticket_closed, TEXT(reason));
CAIRN_EVENTS(ticket, EVENT(ticket_opened, "TicketOpened", 1),
             EVENT(ticket_closed, "TicketClosed", 1));
CAIRN_STRUCT(open_ticket, TEXT(title, .max_bytes = 200));
CAIRN_STRUCT(close_ticket, TEXT(reason));
CAIRN_COMMANDS(ticket, COMMAND(open_ticket, "POST /tickets", .allow = CAIRN_SIGNED_IN),
               COMMAND(close_ticket, "POST /tickets/{id}/close", .allow = CAIRN_SIGNED_IN));

/* The state that the rules need, folded from the events. */
CAIRN_STRUCT(ticket, BOOL(closed));
CAIRN_EVOLVE(ticket, ticket_opened)
{
}
CAIRN_EVOLVE(ticket, ticket_closed)
{
    self->closed = true;
}

/* The rules: a command on a state gives events, or a refusal. */
CAIRN_DECIDE(ticket, open_ticket)
{
    CAIRN_EMIT(ret, ticket_opened, .title = command->title);
    return 0;
}
CAIRN_DECIDE(ticket, close_ticket)
{
    if (self->closed)
        return cairn_refuse(error, "ticket-closed", "the ticket was closed before");
    CAIRN_EMIT(ret, ticket_closed, .reason = command->reason);
    return 0;
}
CAIRN_DECIDER(ticket, .state_version = 1);

/* A read model: one row a ticket, changed by each event. */
CAIRN_STRUCT(tickets, UUID(ticket_id), TEXT(title), TEXT(closed_because, .optional = true));
CAIRN_PROJECTION(tickets, .version = 1);
CAIRN_ON(tickets, ticket, ticket_opened)
{
    *row = (struct tickets){.ticket_id = meta->id, .title = event->title};
    return CAIRN_KEEP;
}
CAIRN_ON(tickets, ticket, ticket_closed)
{
    row->closed_because = event->reason;
    return CAIRN_KEEP;
}

/* One process that takes commands, follows the log and answers queries. */
CAIRN_MAIN({.name = "ticket",
            .port = 8090,
            .deciders = {&ticket_decider},
            .projections = {&tickets_projection},
            .resources = CAIRN_RESOURCES({.path = "/tickets/{id}",
                                          .projection = &tickets_projection,
                                          .allow = CAIRN_SIGNED_IN})});
