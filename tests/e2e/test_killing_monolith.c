/* test_killing_monolith.c - test_killing.c with all services in one process. */
#define MONOLITH
#include "test_killing.c"
