/* registry.c - adds handlers to the list of what they belong to, and that to the program's. */
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

static struct cairn_declared *declared;

void cairn_declare(struct cairn_declared *one)
{
    one->next = declared;
    declared = one;
}

const struct cairn_declared *cairn_declared_first(void)
{
    return declared;
}
