/* sessions.h - the routes by which people sign in to the pages of a service
 * (cairn_service.sign_in), and act by a session.
 *
 *     GET  /session/begin?to=/shop   sends the browser to the issuer
 *     GET  /session/callback         the issuer sends it back; a cookie begins
 *     GET  /session                  the caller of the session:
 *     {"state":"in","sub":…,"roles":[…],"until":…},
 *                                    {"state":"out"}, {"state":"expired"}: to be renewed, or
 *                                    {"state":"open"} without authentication
 *     POST /session/renew            new tokens: 204, or 401
 *     POST /session/end              the cookie ends; {"to":…} is where the issuer's session ends
 *
 * The two writes need the Origin of the pages, as all writes by a session do (guard.c). */
#ifndef CAIRN_RUNTIME_SESSIONS_H
#define CAIRN_RUNTIME_SESSIONS_H

#include "http/http.h"
#include "identity/session/web_session.h"
#include "runtime/config/config.h"
#include "runtime/serve/static_files.h"

/* Fills in the sessions of a process; they stay zeroed if none of its services signs people in.
 * Returns 0 or -CAIRN_CONFIG. The texts are those of the configuration, or in the arena. */
int cairn_sessions_of(const struct cairn_config *config,
                      const struct cairn_service *const services[], struct cairn_arena *arena,
                      struct cairn_sessions *ret, struct cairn_error *error) CAIRN_CHECKED;

void cairn_sessions_routes(const struct cairn_sessions *sessions, cairn_files_add *add,
                           void *context);

#endif
