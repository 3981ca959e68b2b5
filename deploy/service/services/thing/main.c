/* main.c - the thing service. */
#include <cairn/service.h>

extern const struct cairn_service thing_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&thing_service, NULL});
}
