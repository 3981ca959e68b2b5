/* hello.c - a guest book: each signature is kept, and read by its id. */
#include <cairn/service.h>

CAIRN_STRUCT(guest_signed, TEXT(name, .max_bytes = 50), TEXT(words));
CAIRN_EVENTS(guest, EVENT(guest_signed, "GuestSigned", 1));
CAIRN_STRUCT(sign_book, TEXT(name, .max_bytes = 50), TEXT(words));
CAIRN_COMMANDS(guest, COMMAND(sign_book, "POST /guests", .allow = CAIRN_ANYONE));

/* The rules: they remember nothing, and accept every signature. */
CAIRN_STRUCT(guest);
CAIRN_EVOLVE(guest, guest_signed)
{
}
CAIRN_DECIDE(guest, sign_book)
{
    CAIRN_EMIT(ret, guest_signed, .name = command->name, .words = command->words);
    return 0;
}
CAIRN_DECIDER(guest);

/* The read model: a row for each guest. */
CAIRN_STRUCT(guests, TEXT(name), TEXT(words), TIME(signed_at));
CAIRN_PROJECTION(guests, .version = 1);
CAIRN_ON(guests, guest, guest_signed)
{
    *row = (struct guests){event->name, event->words, meta->recorded_at};
    return CAIRN_KEEP;
}

CAIRN_MAIN({.name = "hello",
            .port = 8090,
            .deciders = {&guest_decider},
            .projections = {&guests_projection},
            .resources = CAIRN_RESOURCES({.path = "/guests/{id}",
                                          .projection = &guests_projection,
                                          .allow = CAIRN_ANYONE})});
