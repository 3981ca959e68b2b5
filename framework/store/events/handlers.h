/* handlers.h - finds the handler of an event, and lists and checks the events that have one. */
#ifndef CAIRN_STORE_HANDLERS_H
#define CAIRN_STORE_HANDLERS_H

#include "core/containers/arena.h"
#include "store/store.h"

#include <cairn/registry.h>

/* Returns the handler for events of this category and type, and the type; NULL if there is none. */
const struct cairn_registered *cairn_handlers_find(const struct cairn_handlers *handlers,
                                                   const char *category, const char *type,
                                                   const struct cairn_event_type **ret);

/* The same for an event of this stream. */
const struct cairn_registered *cairn_handlers_find_stream(const struct cairn_handlers *handlers,
                                                          const char *stream, const char *type,
                                                          const struct cairn_event_type **ret);

/* Returns the types and the categories of the handlers' events, and one of each besides, unless
 * `type` is NULL. The lists are in the arena, and end with NULL. */
struct cairn_event_filter cairn_handlers_filter(const struct cairn_handlers *handlers,
                                                const char *type, const char *category,
                                                struct cairn_arena *arena);

/* Checks that the event of one handler is in the table that it names. Returns 0 or -CAIRN_BUG, with
 * the place of the handler. */
int cairn_handler_check(const struct cairn_registered *handler,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Checks all of them, and that the tables are valid. Returns 0 or -CAIRN_BUG. */
int cairn_handlers_check(const struct cairn_handlers *handlers,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
