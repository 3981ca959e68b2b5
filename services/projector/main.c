/* main.c - the projector. */
#include "projector.h"

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&projector_service, NULL});
}
