/* arena.h - an arena allocator: memory that is freed all at once, one arena per request or batch.
 *
 * Memory is zeroed, and never NULL. Running out of memory aborts in one place, and so does a size
 * that no memory could have: limits on every input keep clients from reaching it. Under
 * AddressSanitizer the unallocated part of a block is poisoned.
 *
 * Ownership: an arena belongs to one thread at a time. */
#ifndef CAIRN_CORE_ARENA_H
#define CAIRN_CORE_ARENA_H

#include <cairn/memory.h>

struct cairn_arena {
    struct cairn_arena_block *blocks; /* the newest first */
    size_t used;                      /* bytes of the newest block */
};

/* A zeroed arena is ready for use. Both functions free everything that was allocated: reset keeps
 * one block for the next round, the largest that is not huge; close leaves a zeroed arena. */
void cairn_arena_reset(struct cairn_arena *arena);
void cairn_arena_close(struct cairn_arena *arena);

/* Gives an empty arena a first block of this size, for small and long-lived data. */
void cairn_arena_reserve(struct cairn_arena *arena, size_t bytes);
/* Returns how many bytes of heap the arena occupies. */
size_t cairn_arena_bytes(const struct cairn_arena *arena);

/* `align` is a power of two, at most that of max_align_t. */
void *cairn_arena_alloc(struct cairn_arena *arena, size_t bytes, size_t align);
/* Enlarges what was allocated last, in place. Returns false if `memory` of `bytes` bytes is not
 * that, or if the block has no room. */
bool cairn_arena_extend(struct cairn_arena *arena, const void *memory, size_t bytes, size_t more);
#define cairn_new(arena, type, n)                                                                  \
    ((type *)cairn_arena_array((arena), (n), sizeof(type), _Alignof(type)))

/* Makes room for at least one more element in an array of the arena: a full one is copied to one of
 * twice its capacity, at least 16. `items` is set, and NULL before the first. */
#define cairn_grow(arena, items, count, ret_capacity)                                              \
    ((items) = cairn_arena_grow((arena), (items), (count), (ret_capacity), sizeof *(items),        \
                                _Alignof(__typeof__(*(items)))))
void *cairn_arena_grow(struct cairn_arena *arena, void *items, size_t count, size_t *ret_capacity,
                       size_t size, size_t align);

/* Copies, NUL-terminated. cairn_copy_text(arena, NULL) is NULL. */
char *cairn_copy_text(struct cairn_arena *arena, const char *text);
char *cairn_copy_bytes(struct cairn_arena *arena, const void *bytes, size_t count);
char *cairn_print_va(struct cairn_arena *arena, const char *format, va_list list)
    CAIRN_PRINTF(2, 0);

/* calloc, realloc and strdup that abort when out of memory, for data that outlives an arena. */
void *cairn_allocate(size_t bytes); /* zeroed */
void *cairn_reallocate(void *old, size_t bytes);
char *cairn_duplicate(const char *text);

#endif
