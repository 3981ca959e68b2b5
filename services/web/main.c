/* main.c - the web service as a process. */
#include "web.h"

int main(int argc, char **argv)
{
    const struct cairn_service *const all[] = {&web_service, NULL};
    return cairn_main(argc, argv, all);
}
