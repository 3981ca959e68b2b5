/* main.c - the program of the thing service. */
#include "thing_service.h"

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&thing_service, NULL});
}
