/* test_killing_monolith.c - the same with all services in one process. */
#define MONOLITH
#include "test_killing.c"
