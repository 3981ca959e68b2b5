/* order.c - the order service without its process managers, which would answer the clients'
 * commands with commands and events of their own: only the commands of clients are measured. */
#include <cairn/service.h>

extern const struct cairn_service order_service;

int main(int argc, char **argv)
{
    static struct cairn_service alone;
    alone = order_service;
    alone.processes[0] = NULL;
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&alone, NULL});
}
