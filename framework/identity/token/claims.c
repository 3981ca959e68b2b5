/* claims.c - checks the claims of a token, and reads subject and roles. */
#include "identity/token/claims.h"

#include "identity/token/json_parts.h"

#include <string.h>

/* The end of the year 9999: times beyond it are mistakes, or an attempt to overflow. */
#define LATEST_S INT64_C(253402300799)

/* Returns whether a text has at least one and at most `most` bytes, without control characters. */
static bool is_plain(const char *text, size_t most)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > most)
        return false;
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    }
    return true;
}

/* ---- times ---- */

/* Reads a NumericDate, a number of seconds that may have a fraction. Returns 1, 0 if the claim is
 * absent, or an error. */
static int read_time(const json_t *claims, const char *name, int64_t *ret,
                     struct cairn_error *error)
{
    const json_t *value = json_object_get(claims, name);
    if (!value)
        return 0;
    if (!json_is_number(value))
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token's %s is no number", name);
    double number = json_number_value(value);
    if (!(number >= 0 && number <= (double)LATEST_S))
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's %s is not a time from 1970 to 9999", name);
    *ret = json_is_integer(value) ? (int64_t)json_integer_value(value) : (int64_t)number;
    return 1;
}

/* Refuses a token that is used before the time that a claim names. */
static int check_begun(const json_t *claims, const char *name, int64_t latest_s,
                       struct cairn_error *error)
{
    int64_t at_s = 0;
    int found = read_time(claims, name, &at_s, error);
    if (found > 0 && at_s > latest_s)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's %s, %" PRId64 ", is in the future", name, at_s);
    return found < 0 ? found : 0;
}

static int check_times(const json_t *claims, const struct cairn_bearer_rules *rules, int64_t now_s,
                       int64_t *ret_until_s, struct cairn_error *error)
{
    int64_t exp_s = 0;
    int found = read_time(claims, "exp", &exp_s, error);
    if (found == 0)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token has no exp: it would never expire");
    if (found > 0 && exp_s + rules->leeway_s <= now_s)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token has expired, at %" PRId64,
                          exp_s);
    int failed = found < 0 ? found : 0;
    if (!failed)
        failed = check_begun(claims, "nbf", now_s + rules->leeway_s, error);
    if (!failed)
        failed = check_begun(claims, "iat", now_s + rules->leeway_s, error);
    *ret_until_s = exp_s + rules->leeway_s;
    return failed;
}

/* ---- issuer and audience ---- */

/* Returns whether the claim is the audience, or a list of texts that has it. */
static bool is_for(const json_t *aud, const char *audience)
{
    bool found = false;
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *text = json_string_value(json_array_get(aud, i));
        if (!text)
            return false;
        found = found || strcmp(text, audience) == 0;
    }
    return found;
}

static int check_parties(const json_t *claims, const struct cairn_bearer_rules *rules,
                         struct cairn_error *error)
{
    const char *issuer = cairn_json_text(claims, "iss");
    if (!issuer)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token has no iss that is a text");
    if (strcmp(issuer, rules->issuer) != 0)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token is of another issuer than %s",
                          rules->issuer);
    if (!is_for(json_object_get(claims, "aud"), rules->audience))
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token's aud does not name %s",
                          rules->audience);
    return 0;
}

/* ---- roles ---- */

static bool add_role(struct cairn_actor *actor, const char **roles, const char *role)
{
    if (actor->role_count == CAIRN_ROLES_MAX || !is_plain(role, CAIRN_ROLE_MAX_BYTES))
        return false;
    roles[actor->role_count++] = role;
    return true;
}

/* Reads a text of roles with a space between two, as `scope` is one (RFC 8693 section 4.2). */
static bool split_roles(struct cairn_actor *actor, const char **roles, const char *text,
                        struct cairn_arena *arena)
{
    bool good = true;
    while (good && *(text += strspn(text, " "))) {
        size_t length = strcspn(text, " ");
        good = add_role(actor, roles, cairn_copy_bytes(arena, text, length));
        text += length;
    }
    return good;
}

static bool copy_roles(struct cairn_actor *actor, const char **roles, const json_t *list,
                       struct cairn_arena *arena)
{
    bool good = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list) && good; i++) {
        const char *role = json_string_value(json_array_get(list, i));
        good = role && add_role(actor, roles, cairn_copy_text(arena, role));
    }
    return good;
}

static int read_roles(const json_t *claims, const char *pointer, struct cairn_arena *arena,
                      struct cairn_actor *actor, struct cairn_error *error)
{
    const json_t *value = pointer ? cairn_json_at(claims, pointer) : NULL;
    if (!value || json_is_null(value))
        return 0;
    const char **roles = cairn_new(arena, const char *, CAIRN_ROLES_MAX);
    actor->roles = roles;
    bool good = json_is_string(value) ? split_roles(actor, roles, json_string_value(value), arena)
                                      : copy_roles(actor, roles, value, arena);
    if (!good)
        return cairn_fail(
            error, CAIRN_UNAUTHENTICATED,
            "the token's roles, at %s, are not at most %d texts of 1 to %d bytes, in a "
            "list or with a space between two",
            pointer, CAIRN_ROLES_MAX, CAIRN_ROLE_MAX_BYTES);
    return 0;
}

/* ---- all of them ---- */

int cairn_claims_check(const char *json, size_t bytes, const struct cairn_bearer_rules *rules,
                       int64_t now_s, struct cairn_arena *arena, struct cairn_bearer *ret,
                       struct cairn_error *error)
{
    CAIRN_JSON *claims = cairn_json_object(json, bytes);
    *ret = (struct cairn_bearer){0};
    if (!claims)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's claims are no JSON object, or name a member twice");
    int failed = check_parties(claims, rules, error);
    if (!failed)
        failed = check_times(claims, rules, now_s, &ret->until_s, error);
    if (failed)
        return failed;
    const char *subject = cairn_json_text(claims, "sub");
    if (!is_plain(subject, CAIRN_SUBJECT_MAX_BYTES))
        return cairn_fail(
            error, CAIRN_UNAUTHENTICATED,
            "the token's sub is not a text of 1 to %d bytes without control characters",
            CAIRN_SUBJECT_MAX_BYTES);
    ret->actor.sub = cairn_copy_text(arena, subject);
    ret->actor.iss = cairn_copy_text(arena, rules->issuer);
    ret->actor.until_s = ret->until_s;
    return read_roles(claims, rules->roles_claim, arena, &ret->actor, error);
}
