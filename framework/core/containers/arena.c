/* arena.c - an arena allocator: all of an arena's memory is freed at once. */
#include "core/containers/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes) ASAN_POISON_MEMORY_REGION((at), (bytes))
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION((at), (bytes))
#else
#define POISON(at, bytes) ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#endif

/* Blocks grow up to HUGE_BLOCK bytes, and reset keeps no larger one. GAP bytes separate two
 * allocations under AddressSanitizer, so that it detects an overrun. */
enum { FIRST_BLOCK = 8192, HUGE_BLOCK = 1 << 18 };
#ifdef POISONING
enum { GAP = 8 };
#else
enum { GAP = 0 };
#endif

struct cairn_arena_block {
    struct cairn_arena_block *next;
    size_t capacity;
    _Alignas(max_align_t) char bytes[];
};

static _Noreturn void out_of_memory(size_t bytes)
{
    (void)fprintf(stderr, "out of memory: %zu bytes wanted\n", bytes);
    abort();
}

void *cairn_allocate(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory)
        out_of_memory(bytes);
    return memory;
}

void *cairn_reallocate(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        out_of_memory(bytes);
    return memory;
}

char *cairn_duplicate(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(cairn_allocate(bytes), text, bytes);
}

/* ---- blocks ---- */

static void free_block(struct cairn_arena_block *block)
{
    UNPOISON(block->bytes, block->capacity);
    free(block);
}

static struct cairn_arena_block *new_block(size_t capacity)
{
    if (capacity > PTRDIFF_MAX - sizeof(struct cairn_arena_block))
        out_of_memory(capacity);
    struct cairn_arena_block *block = malloc(sizeof *block + capacity);
    if (!block)
        out_of_memory(capacity);
    block->capacity = capacity;
    POISON(block->bytes, capacity);
    return block;
}

/* Adds a block of at least twice the size, up to HUGE_BLOCK, in front. Further allocations come
 * from it. */
static void add_block(struct cairn_arena *arena, size_t wanted)
{
    size_t capacity = arena->blocks ? arena->blocks->capacity * 2 : FIRST_BLOCK;
    while (capacity < wanted + GAP)
        capacity *= 2;
    struct cairn_arena_block *block = new_block(capacity < HUGE_BLOCK ? capacity : HUGE_BLOCK);
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
}

/* Allocates a separate block for one large value, linked behind the newest block, which may still
 * be nearly empty. */
static char *alloc_apart(struct cairn_arena *arena, size_t bytes)
{
    if (!arena->blocks)
        add_block(arena, 0);
    struct cairn_arena_block *block = new_block(bytes);
    block->next = arena->blocks->next;
    arena->blocks->next = block;
    return block->bytes;
}

void cairn_arena_close(struct cairn_arena *arena)
{
    for (struct cairn_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free_block(block);
    }
    *arena = (struct cairn_arena){0};
}

/* Keeps the newest block, the largest of those that grew, and frees those behind it and those of
 * single large values: the next round of this size needs fewer blocks, eventually only one. */
void cairn_arena_reset(struct cairn_arena *arena)
{
    struct cairn_arena_block *keep = arena->blocks;
    if (!keep)
        return;
    arena->blocks = keep->next;
    cairn_arena_close(arena);
    keep->next = NULL;
    arena->blocks = keep;
    POISON(keep->bytes, keep->capacity);
}

void cairn_arena_reserve(struct cairn_arena *arena, size_t bytes)
{
    if (arena->blocks)
        return;
    arena->blocks = new_block(bytes < HUGE_BLOCK ? bytes + GAP : HUGE_BLOCK);
    arena->blocks->next = NULL;
    arena->used = 0;
}

size_t cairn_arena_bytes(const struct cairn_arena *arena)
{
    size_t bytes = 0;
    for (const struct cairn_arena_block *block = arena->blocks; block; block = block->next)
        bytes += sizeof *block + block->capacity;
    return bytes;
}

/* ---- allocation ---- */

void *cairn_arena_alloc(struct cairn_arena *arena, size_t bytes, size_t align)
{
    char *memory = NULL;
    if (bytes > HUGE_BLOCK / 4) {
        memory = alloc_apart(arena, bytes);
    } else {
        size_t at = (arena->used + align - 1) & ~(align - 1);
        if (!arena->blocks || at + bytes + GAP > arena->blocks->capacity) {
            add_block(arena, bytes);
            at = 0;
        }
        memory = arena->blocks->bytes + at;
        arena->used = at + bytes + GAP;
    }
    UNPOISON(memory, bytes);
    return memset(memory, 0, bytes);
}

void *cairn_arena_array(struct cairn_arena *arena, size_t count, size_t size, size_t align)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory(SIZE_MAX);
    return cairn_arena_alloc(arena, bytes, align);
}

bool cairn_arena_extend(struct cairn_arena *arena, const void *memory, size_t bytes, size_t more)
{
    struct cairn_arena_block *block = arena->blocks;
    size_t end = arena->used - GAP;
    if (!block || arena->used < GAP + bytes || block->bytes + end - bytes != (const char *)memory ||
        end + more + GAP > block->capacity)
        return false;
    UNPOISON(block->bytes + end, more);
    memset(block->bytes + end, 0, more);
    arena->used = end + more + GAP;
    return true;
}

char *cairn_copy_bytes(struct cairn_arena *arena, const void *bytes, size_t count)
{
    char *copy = cairn_arena_alloc(arena, count + 1, 1);
    if (count)
        memcpy(copy, bytes, count);
    return copy;
}

void *cairn_arena_grow(struct cairn_arena *arena, void *items, size_t count, size_t *ret_capacity,
                       size_t size, size_t align)
{
    if (count < *ret_capacity)
        return items;
    *ret_capacity = *ret_capacity ? *ret_capacity * 2 : 16;
    void *more = cairn_arena_array(arena, *ret_capacity, size, align);
    if (count)
        memcpy(more, items, count * size);
    return more;
}

char *cairn_copy_text(struct cairn_arena *arena, const char *text)
{
    return text ? cairn_copy_bytes(arena, text, strlen(text)) : NULL;
}

char *cairn_lower(struct cairn_arena *arena, const char *text)
{
    char *lower = cairn_copy_text(arena, text);
    for (char *at = lower; at && *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    return lower;
}

char *cairn_print_va(struct cairn_arena *arena, const char *format, va_list list)
{
    char most[256]; /* most texts fit and are formatted only once */
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(most, sizeof most, format, list);
    size_t bytes = length < 0 ? 1 : (size_t)length + 1;
    char *text = cairn_arena_alloc(arena, bytes, 1);
    if (length > 0 && bytes <= sizeof most)
        memcpy(text, most, bytes);
    else if (length > 0)
        (void)vsnprintf(text, bytes, format, again);
    va_end(again);
    return text;
}

char *cairn_print(struct cairn_arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = cairn_print_va(arena, format, list);
    va_end(list);
    return text;
}
