/* compiler.h - what the headers need from the compiler: gcc or clang, C17 or later; C++ may include
 * them, to write a handler in C++. The macros that declare events and deciders are for C. */
#ifndef CAIRN_COMPILER_H
#define CAIRN_COMPILER_H

#ifdef __cplusplus
#define CAIRN_BEGIN_C extern "C" {
#define CAIRN_END_C }
#define CAIRN_AT_LEAST(count) count
#else
#define CAIRN_BEGIN_C
#define CAIRN_END_C
/* The size of an array parameter: `char ret[CAIRN_AT_LEAST(37)]` */
#define CAIRN_AT_LEAST(count) static count
#endif

#define CAIRN_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CAIRN_CHECKED __attribute__((warn_unused_result))
#define CAIRN_UNUSED __attribute__((unused))

/* Where the text is written: "orders.c:12". */
#define CAIRN_PLACE_ __FILE__ ":" CAIRN_LINE_(__LINE__)
#define CAIRN_LINE_(line) CAIRN_LINE_AS_(line)
#define CAIRN_LINE_AS_(line) #line

#endif
