/* main.c - the order service. */
#include <cairn/service.h>

extern const struct cairn_service order_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&order_service, NULL});
}
