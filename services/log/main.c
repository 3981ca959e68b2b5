/* main.c - the log over HTTP, as a process. */
#include "shop_log.h"

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&log_service, NULL});
}
