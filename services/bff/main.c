/* main.c - the backend for frontends as a process. */
#include "bff.h"

int main(int argc, char **argv)
{
    const struct cairn_service *const all[] = {&bff_service, NULL};
    return cairn_main(argc, argv, all);
}
