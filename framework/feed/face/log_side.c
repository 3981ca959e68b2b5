/* log_side.c - finds the row of a category, and compares a caller with its policies. */
#include "feed/face/log_side.h"

#include "identity/policy.h"

#include <string.h>

const struct cairn_log_face *cairn_log_face_find(const struct cairn_log_side *side,
                                                 const char *category)
{
    for (size_t i = 0; category && side->faces[i]; i++) {
        if (strcmp(side->faces[i]->events->category, category) == 0)
            return side->faces[i];
    }
    return NULL;
}

const char *cairn_log_category_of(const char *stream, struct cairn_arena *arena)
{
    const char *dash = strchr(stream, '-');
    return dash && dash > stream ? cairn_copy_bytes(arena, stream, (size_t)(dash - stream)) : NULL;
}

int cairn_log_allows(const struct cairn_log_side *side, const struct cairn_allow *allow,
                     const struct cairn_actor *actor, struct cairn_error *error)
{
    return side->authenticates ? cairn_policy_check(allow, actor, error) : 0;
}
