/* main.c - the user service. */
#include <cairn/service.h>

extern const struct cairn_service user_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&user_service, NULL});
}
