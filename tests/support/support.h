/* support.h - cmocka, whose header wants these four before it, in this order. */
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
