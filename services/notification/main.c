/* main.c - the notification service. */
#include <cairn/service.h>

extern const struct cairn_service notification_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv,
                      (const struct cairn_service *const[]){&notification_service, NULL});
}
