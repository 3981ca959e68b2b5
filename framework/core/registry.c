/* registry.c - adds a handler to the list of what it belongs to. */
#include <cairn/registry.h>

void cairn_handlers_add(struct cairn_handlers *list, struct cairn_handler *handler)
{
    struct cairn_handler **at = &list->first;
    while (*at && (*at)->line <= handler->line)
        at = &(*at)->next;
    handler->next = *at;
    *at = handler;
}
