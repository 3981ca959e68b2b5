/* compiler.h - what the headers need from the compiler: gcc or clang, C17 or later.
 *
 * A C++ file (C++11 or later) may include all of them, to write the body of a handler in C++: it
 * sees the structs and enums of CAIRN_STRUCT and CAIRN_ENUM, calls every function, and uses the
 * macros of memory.h but CAIRN_ITEMS. What declares or begins something else (CAIRN_DECIDER,
 * CAIRN_ON, CAIRN_HANDLE, …), emits or sends (CAIRN_EMIT, CAIRN_TELL, …), and CAIRN_VALUES, is for
 * C. */
#ifndef CAIRN_COMPILER_H
#define CAIRN_COMPILER_H

#ifdef __cplusplus
/* A struct and a function may have the same name, which g++ calls the shadow of a constructor. */
#define CAIRN_BEGIN_C                                                                              \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") extern "C"       \
    {
#define CAIRN_END_C                                                                                \
    }                                                                                              \
    _Pragma("GCC diagnostic pop")
#define CAIRN_AT_LEAST(count) count
#define CAIRN_ALIGN_OF_(type) alignof(type)
#else
#define CAIRN_BEGIN_C
#define CAIRN_END_C
/* The size of an array parameter: `char ret[CAIRN_AT_LEAST(37)]` */
#define CAIRN_AT_LEAST(count) static count
#define CAIRN_ALIGN_OF_(type) _Alignof(type)
#endif

#define CAIRN_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CAIRN_CHECKED __attribute__((warn_unused_result))
#define CAIRN_UNUSED __attribute__((unused))

/* Where the text is written: "orders.c:12". */
#define CAIRN_PLACE_ __FILE__ ":" CAIRN_LINE_(__LINE__)
#define CAIRN_LINE_(line) CAIRN_LINE_AS_(line)
#define CAIRN_LINE_AS_(line) #line

#endif
