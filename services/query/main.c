/* main.c - the query service. */
#include "query.h"

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&query_service, NULL});
}
