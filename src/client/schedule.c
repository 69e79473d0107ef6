/* Which server registers when (CLI-40..43).
 *
 * Servers with 1/x/13 come one after the other, the smallest first; the others start together with
 * the first. A server that failed lets the next one pass unless 1/x/15 says no. */
#include "client/server.h"
#include "lw/objects.h"

#define UNORDERED UINT32_MAX

static bool may_start(const lw_client *client)
{
    return client->started && !client->stopping && !client->bootstrapping;
}

/* Of the ordered ones the first, unless one has begun: the others wait until it registered, or lets
 * them pass. */
void lw_schedule_begin(lw_client *client)
{
    lw_server *first = NULL;
    uint32_t lowest = UNORDERED;
    bool any = false, one_has_turn = false;
    if (!may_start(client)) {
        return;
    }
    LW_EACH_SERVER (client, s) {
        any |= s->ssid != 0;
        one_has_turn |= s->has_turn;
        if (s->state != LW_SERVER_IDLE || s->ssid == 0) {
            continue;
        }
        uint32_t order = lw_server_setting(s, LW_RES_SERVER_REGISTRATION_PRIORITY_ORDER, UNORDERED);
        if (order == UNORDERED) {
            lw_server_start(s);
        } else if (order < lowest) {
            lowest = order;
            first = s;
        }
    }
    if (first != NULL && !one_has_turn) {
        first->has_turn = true;
        lw_server_start(first);
    }
    if (!any && lw_client_begin_bootstrap(client) != LW_OK) { /* BS-03 (4) */
        lw_client_tell_that(client, LW_CLIENT_STOPPED);
    }
}

void lw_schedule_next(lw_server *server)
{
    server->has_turn = false;
    lw_schedule_begin(server->client);
}
