/* actor.c - the roles of a caller. */
#include <cairn/policy.h>

#include <string.h>

bool cairn_actor_has(const struct cairn_actor *actor, const char *role)
{
    for (size_t i = 0; i < actor->role_count; i++) {
        if (strcmp(actor->roles[i], role) == 0)
            return true;
    }
    return false;
}
