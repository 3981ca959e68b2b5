/* fuzz.h - helpers of the fuzz targets. Each target is a file fuzz_NAME.c with the one function
 * that libFuzzer calls; its past findings and a few valid inputs are in corpus/NAME. A target does
 * not only detect crashes: by expect() it states properties that hold for every input.
 *
 *   make fuzz SECONDS=600 TARGET=record */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Returns the input as a string with NUL appended; the caller frees it. A NUL within it ends it. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    text[size] = '\0';
    return text;
}

#endif
