/* test_monolith.c - test_shop.c with all services in one process. */
#define MONOLITH
#include "test_shop.c"
