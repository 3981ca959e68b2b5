/* webhook.c - the reactor that tells another system of confirmed reservations. */
#include "hotel.h"

#include <cairn/json.h>

#include <string.h>

struct cairn_target webhook_target = {.name = "webhook"};

CAIRN_STRUCT(confirmation, UUID(reservation_id), TEXT(guest), RECORD(nights, nights));

CAIRN_REACTOR(webhook, .help = "Posts confirmed reservations to CAIRN_WEBHOOK_URL.");

CAIRN_HANDLE(webhook, reservation, reservation_confirmed)
{
    const struct confirmation confirmed = {call->meta->id, event->guest, event->nights};
    const char *body = CAIRN_TO_JSON(confirmation, &confirmed, call->arena, error);
    if (!body)
        return CAIRN_GIVE_UP;
    const struct cairn_outbound_request request = {.method = "POST",
                                                   .content_type = "application/json",
                                                   .body = body,
                                                   .body_bytes = strlen(body),
                                                   .idempotency_key = call->idempotency_key,
                                                   .idempotent = true};
    struct cairn_outbound_response response = {0};
    int failed = cairn_outbound_call(&webhook_target, &request, &response, error);
    if (!failed && response.status / 100 != 2)
        failed = cairn_fail(error, CAIRN_UNAVAILABLE, "the webhook answered %d", response.status);
    cairn_outbound_response_reset(&response);
    return cairn_outcome_of(failed);
}
