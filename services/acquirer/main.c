/* main.c - the card acquirer's simulator. */
#include <cairn/service.h>

extern const struct cairn_service acquirer_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&acquirer_service, NULL});
}
