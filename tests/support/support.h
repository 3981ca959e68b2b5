/* support.h - includes cmocka after the four headers that it requires, in this order. */
#ifndef SUPPORT_H
#define SUPPORT_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#endif
