/* registry.c - adds a handler to the list of what it belongs to. */
#include <cairn/decider.h>

struct cairn_handlers cairn_known_deciders;

void cairn_handlers_add(struct cairn_handlers *list, struct cairn_registered *handler)
{
    struct cairn_registered **at = &list->first;
    while (*at && (*at)->line <= handler->line)
        at = &(*at)->next;
    handler->next = *at;
    *at = handler;
}
