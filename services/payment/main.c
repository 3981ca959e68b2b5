/* main.c - the payment service. */
#include <cairn/service.h>

extern const struct cairn_service payment_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&payment_service, NULL});
}
