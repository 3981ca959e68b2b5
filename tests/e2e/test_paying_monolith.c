/* test_paying_monolith.c - test_paying.c with all services in one process. */
#define MONOLITH
#include "test_paying.c"
