/* pour.cpp - the body of a decision in C++, with every public header: the test makes all.h. */
#include "all.h"
#include "kettle.h"

size_t kettle_size_in_cpp(void)
{
    return KETTLE_SIZE;
}

void pour(struct cairn_arena *arena, const struct pour_tea *command, struct tea_poured *ret)
{
    ret->sips = command->sips;
    ret->heat = HOT;
    ret->guest_id = CAIRN_UUID("01890000-0000-7000-8000-000000000009");
    CAIRN_APPEND(arena, ret->sips, "bob", 20);
    CAIRN_ADD(arena, ret->sips, (sip{"eve", 30}));
    const sip *ada = CAIRN_FIND(ret->sips, guest, "ada");
    sip *more = CAIRN_EDIT(arena, ret->sips, ada);
    if (more)
        more->grams += 5;
    CAIRN_REMOVE(arena, ret->sips, CAIRN_FIND(ret->sips, grams, 30));
    CAIRN_FOR_EACH (one, ret->sips)
        CAIRN_ADD(arena, ret->sizes, one->grams);
    char *said = CAIRN_NEW(arena, char, 4);
    said[0] = 'A';
    ret->said = cairn_print(arena, "%s%s", cairn_lower(arena, said), more ? "!" : "?");
}
