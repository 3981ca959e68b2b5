/* order.c - the order service without what it does by itself: what is measured are the commands of
 * clients, so no process manager answers them with commands and events of its own. */
#include <cairn/service.h>

extern const struct cairn_service order_service;

int main(int argc, char **argv)
{
    static struct cairn_service alone;
    alone = order_service;
    alone.processes[0] = NULL;
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&alone, NULL});
}
