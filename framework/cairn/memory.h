/* memory.h - memory for the functions of a service: text that is formatted, lists that grow.
 *
 * A function that decides, evolves, applies or reacts gets an arena. What is allocated there lives
 * at least until the engine has stored or copied the result, and is never freed by the function. A
 * member may also point to other memory that lives as long: to a text of the event, for example.
 *
 *     CAIRN_EVOLVE(cart, item_added)
 *     {
 *         CAIRN_APPEND(arena, self->lines, .sku = event->sku, .quantity = event->quantity);
 *     }
 *
 * Lists never change in place, since others may share their items: a function that changes a list
 * copies it first, except that appending to the list that was allocated last needs no copy. The
 * length of a list in a state, a row or an event is limited by its field (`.max_count`, 1000 unless
 * it says otherwise); one that is longer is refused where it is stored. */
#ifndef CAIRN_MEMORY_H
#define CAIRN_MEMORY_H

#include <cairn/compiler.h>
#include <cairn/value.h>

CAIRN_BEGIN_C

/* An arena allocator. Memory is zeroed, and never NULL: running out of memory ends the process. */
struct cairn_arena;

/* Returns formatted text. */
char *cairn_print(struct cairn_arena *arena, const char *format, ...) CAIRN_PRINTF(2, 3);

/* Returns a lower-case copy (ASCII only), for keys; NULL for NULL. */
char *cairn_lower(struct cairn_arena *arena, const char *text);

/* Returns `count` zeroed objects:
 *     struct order_line *lines = CAIRN_NEW(arena, struct order_line, 3); */
#define CAIRN_NEW(arena, type, count)                                                              \
    ((type *)cairn_arena_array((arena), (count), sizeof(type), CAIRN_ALIGN_OF_(type)))
void *cairn_arena_array(struct cairn_arena *arena, size_t count, size_t size, size_t align);

/* ---- lists ---- */

/* A list in an initialiser, in C only:
 *     .lines = CAIRN_ITEMS(order_line, {"tea-100", 2}, {"tea-200", 1}) */
#define CAIRN_ITEMS(tag, ...)                                                                      \
    {                                                                                              \
        (const struct tag[]){__VA_ARGS__},                                                         \
            sizeof((const struct tag[]){__VA_ARGS__}) / sizeof(struct tag)                         \
    }

/* for (each item of the list): CAIRN_FOR_EACH(line, order->lines) total += line->quantity; */
/* NOLINTBEGIN(bugprone-macro-parentheses): names that are declared */
#define CAIRN_FOR_EACH(item, list)                                                                 \
    for (__typeof__(&*(list).items) item = (list).items,                                           \
                                    item##_end_ = item ? item + (list).count : item;               \
         item != item##_end_; item++)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Appends a record, given by its members. */
#define CAIRN_APPEND(arena, list, ...)                                                             \
    cairn_list_append_((arena), &(list), CAIRN_ITEM_SIZE_(list),                                   \
                       CAIRN_LITERAL_(__typeof__(*(list).items), __VA_ARGS__))

/* Appends a value: a whole record, or an item of a list of texts, numbers, uuids or days. */
#define CAIRN_ADD(arena, list, value)                                                              \
    (__extension__({                                                                               \
        const __typeof__(*(list).items) added_ = (value);                                          \
        cairn_list_append_((arena), &(list), CAIRN_ITEM_SIZE_(list), &added_);                     \
    }))

/* Returns the first item whose member equals the value, or NULL. The member is a text, which is
 * compared as such, or a number, bool, enum, uuid, time or day. */
#define CAIRN_FIND(list, member, value)                                                            \
    (__extension__({                                                                               \
        const __typeof__((list).items->member) wanted_ = (value);                                  \
        (__typeof__((list).items))cairn_list_find_(                                                \
            &(list), sizeof *(list).items, offsetof(__typeof__(*(list).items), member),            \
            CAIRN_IS_TEXT_((list).items->member) ? 0 : sizeof wanted_, &wanted_);                  \
    }))

/* Returns a copy of an item of the list that may be changed; the list has the copy in its place.
 * Returns NULL for NULL, as CAIRN_FIND of what is not there:
 *     const struct line *tea = CAIRN_FIND(self->lines, sku, "tea-100");
 *     struct line *line = CAIRN_EDIT(arena, self->lines, tea); */
#define CAIRN_EDIT(arena, list, item)                                                              \
    CAIRN_EDITED_(list, cairn_list_edit_((arena), &(list), (1 ? (item) : (list).items),            \
                                         CAIRN_ITEM_SIZE_(list)))

/* Removes an item of the list; those behind it move up. NULL, as CAIRN_FIND of what is not there,
 * changes nothing. */
#define CAIRN_REMOVE(arena, list, item)                                                            \
    cairn_list_remove_((arena), &(list), (1 ? (item) : (list).items), CAIRN_ITEM_SIZE_(list))

/* The parts of the macros above. */
struct cairn_item_size {
    size_t size, align;
};
#ifdef __cplusplus
#define CAIRN_ITEM_SIZE_(list)                                                                     \
    (cairn_item_size{sizeof *(list).items, CAIRN_ALIGN_OF_(__typeof__(*(list).items))})
#define CAIRN_LITERAL_(type, ...) cairn_address_of_<type>({__VA_ARGS__})
#define CAIRN_IS_TEXT_(member) (sizeof cairn_is_text_(member) == 1)
#define CAIRN_EDITED_(list, item) cairn_edited_((list).items, item)
extern "C++" {
template <typename T> const T *cairn_address_of_(const T &value)
{
    return &value; /* which lives until the end of the statement */
}
template <typename T> T *cairn_edited_(const T *, void *item)
{
    return static_cast<T *>(item);
}
char (&cairn_is_text_(const char *const &))[1]; /* never called: only its type counts */
template <typename T> char (&cairn_is_text_(const T &))[2];
}
#else
#define CAIRN_ITEM_SIZE_(list)                                                                     \
    ((struct cairn_item_size){sizeof *(list).items, CAIRN_ALIGN_OF_(__typeof__(*(list).items))})
#define CAIRN_LITERAL_(type, ...) (__extension__ & (type){__VA_ARGS__})
/* CAIRN_ITEM_ is the type of an item without its const: the value of a block has no qualifiers. */
#define CAIRN_ITEM_(list) __typeof__(__extension__({ *(list).items; }))
#define CAIRN_EDITED_(list, item) ((CAIRN_ITEM_(list) *)(item))
#define CAIRN_IS_TEXT_(member) _Generic((member), const char * : 1, default : 0)
#endif
void cairn_list_append_(struct cairn_arena *arena, void *list, struct cairn_item_size size,
                        const void *item);
const void *cairn_list_find_(const void *list, size_t size, size_t offset, size_t bytes,
                             const void *wanted);
void *cairn_list_edit_(struct cairn_arena *arena, void *list, const void *item,
                       struct cairn_item_size size);
void cairn_list_remove_(struct cairn_arena *arena, void *list, const void *item,
                        struct cairn_item_size size);

CAIRN_END_C

#endif
