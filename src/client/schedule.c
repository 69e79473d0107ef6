/* Which server registers when (CLI-40..43).
 *
 * Servers with 1/x/13 come one after the other, the smallest first; the others start together with
 * the first. A server that failed lets the next one pass unless 1/x/15 says no. */
#include "client/server.h"
#include "lw/objects.h"

#define UNORDERED UINT32_MAX

static uint32_t order_of(const lw_server *server)
{
    return lw_server_setting(server, LW_RES_SERVER_REGISTRATION_PRIORITY_ORDER, UNORDERED);
}

/* The first ordered server that has not begun. */
static lw_server *next_in_order(lw_client *client)
{
    lw_server *best = NULL;
    for (unsigned i = 0; i < client->cfg.servers_max; i++) {
        lw_server *s = &client->servers[i];
        if (s->state == LW_SERVER_IDLE && order_of(s) != UNORDERED &&
            (best == NULL || order_of(s) < order_of(best))) {
            best = s;
        }
    }
    return best;
}

static bool may_start(const lw_client *client)
{
    return client->started && !client->stopping && !client->bootstrapping;
}

/* One at a time: the next one waits until this registered, or lets it pass. */
static void start_in_order(lw_client *client)
{
    if (client->turn == NULL) {
        client->turn = next_in_order(client);
        if (client->turn != NULL) {
            lw_server_start(client->turn);
        }
    }
}

void lw_schedule_begin(lw_client *client)
{
    bool any = false;
    if (!may_start(client)) {
        return;
    }
    for (unsigned i = 0; i < client->cfg.servers_max; i++) {
        lw_server *s = &client->servers[i];
        any = any || s->state != LW_SERVER_UNUSED;
        if (s->state == LW_SERVER_IDLE && order_of(s) == UNORDERED) {
            lw_server_start(s);
        }
    }
    start_in_order(client);
    if (!any && lw_client_begin_bootstrap(client) != LW_OK) { /* BS-03 (4) */
        lw_client_event event = {.kind = LW_CLIENT_STOPPED, .retry_at = LW_TIME_NEVER};
        lw_client_tell(client, &event);
    }
}

void lw_schedule_next(lw_server *server)
{
    lw_client *client = server->client;
    if (client->turn == server) {
        client->turn = NULL;
        if (may_start(client)) {
            start_in_order(client);
        }
    }
}
