/* peer_names.c - finds typing errors in the variables that name the URLs of other services. */
#include "runtime/check/peer_names.h"

#include "core/text/text.h"
#include "process/deliver/command_client.h"

#include <stdio.h>
#include <string.h>

/* What is compared, and the closest so far. */
struct search {
    const char *variable;
    char word[80];  /* of the variable: "PAYMNET" */
    char meant[80]; /* "CAIRN_PAYMENT_URL" */
    bool is_known;  /* it is the variable of a peer itself */
};

/* Copies what is between CAIRN_ and _URL. */
static void take_word(const char *variable, char ret[static 80])
{
    size_t bytes = strlen(variable);
    ret[0] = '\0';
    if (bytes > strlen("CAIRN__URL") && bytes < 80)
        (void)snprintf(ret, 80, "%.*s", (int)(bytes - strlen("CAIRN__URL")), variable + 6);
}

static void compare(struct search *search, const char *category)
{
    char variable[80];
    char word[80];
    cairn_peer_variable(category, variable, sizeof variable);
    take_word(variable, word);
    if (strcmp(variable, search->variable) == 0)
        search->is_known = true;
    else if (cairn_is_mistyped(search->word, word))
        (void)snprintf(search->meant, sizeof search->meant, "%s", variable);
}

const char *cairn_peer_meant(const struct cairn_service *const services[], const char *variable,
                             struct cairn_arena *arena)
{
    struct search search = {.variable = variable};
    take_word(variable, search.word);
    for (size_t s = 0; services && services[s]; s++) {
        const struct cairn_service *service = services[s];
        for (int i = 0; i < CAIRN_SERVICE_MAX && service->peers[i].category; i++)
            compare(&search, service->peers[i].category);
        for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i]; i++) {
            const struct cairn_commands *const *sends = service->processes[i]->sends;
            for (size_t k = 0; sends && sends[k]; k++)
                compare(&search, sends[k]->category);
        }
    }
    return search.is_known || !search.meant[0] ? NULL : cairn_copy_text(arena, search.meant);
}
