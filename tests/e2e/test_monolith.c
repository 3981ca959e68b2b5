/* test_monolith.c - the whole story again, with all services in one process. */
#define MONOLITH
#include "test_shop.c"
