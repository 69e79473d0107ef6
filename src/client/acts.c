/* What hooks of objects ask of the engine (lw/acts.h). Nothing happens inside the call: an Execute
 * is answered first (DM-63). */
#include "client/server.h"
#include "lw/objects.h"

/* The answer to an Execute is piggybacked: it counts as delivered when the server had the time to
 * ask once more for a lost one, ACK_TIMEOUT * ACK_RANDOM_FACTOR later (CLI-70, rule 41). */
#define ANSWER_GRACE 3u /* s */

lw_client *lw_client_of_hook(void *hook_ctx)
{
    return hook_ctx;
}

static void perform(lw_coap *coap, lw_alarm *alarm)
{
    lw_act_slot *slot = LW_CONTAINER(alarm, lw_act_slot, alarm);
    lw_client *client = coap->config.ctx;
    lw_act act = slot->act;
    slot->act = NULL;
    act(client, &client->tree, slot->path);
}

lw_err lw_act_when_answered(void *ctx, lw_act act, lw_path path)
{
    lw_client *client = ctx;
    for (lw_act_slot *slot = client->acts; slot < client->acts + LW_ACTS_MAX; slot++) {
        if (slot->act == NULL) {
            slot->act = act;
            slot->path = path;
            slot->alarm.fire = perform;
            lw_alarm_set_in(client, &slot->alarm, ANSWER_GRACE);
            return LW_OK;
        }
    }
    return LW_ENOMEM;
}

/* ---- Registration -----------------------------------------------------------------------------
 */

static lw_server *server_of(lw_client *client, uint16_t account)
{
    LW_EACH_SERVER (client, s) {
        if (s->account == account) {
            return s;
        }
    }
    return NULL;
}

lw_err lw_act_disable(void *ctx, uint16_t account)
{
    lw_server *server = server_of(ctx, account);
    if (server == NULL) {
        return LW_ENOTFOUND;
    }
    lw_server_disable(server);
    return LW_OK;
}

static void reconnect(void *ctx, lw_tree *tree, lw_path path)
{
    lw_server *server = server_of(ctx, lw_path_id(path, LW_LEVEL_INSTANCE));
    (void)tree;
    if (server != NULL) {
        lw_server_register_anew(server);
    }
}

lw_err lw_act_update(void *ctx, uint16_t account, char binding)
{
    lw_server *server = server_of(ctx, account);
    if (server == NULL) {
        return LW_ENOTFOUND;
    }
    if (binding != 0) { /* no answer goes over the link that this opens (REG-64) */
        return lw_act_when_answered(ctx, reconnect, lw_path_instance(LW_OBJ_SERVER, account));
    }
    lw_server_want_update(server, LW_UPDATE_PLAIN); /* with the next step */
    return LW_OK;
}

lw_err lw_act_bootstrap(void *ctx)
{
    /* It begins with the next step. BS-08 */
    return lw_client_begin_bootstrap(ctx) == LW_OK ? LW_OK : LW_EMETHOD;
}

/* ---- Device -----------------------------------------------------------------------------------
 */

static void reboot(void *ctx, lw_tree *tree, lw_path path)
{
    (void)tree;
    (void)path;
    lw_client_tell_that(ctx, LW_CLIENT_REBOOT);
}

lw_err lw_act_reboot(void *ctx)
{
    return lw_act_when_answered(ctx, reboot, lw_path_root());
}

static void factory_reset(void *ctx, lw_tree *tree, lw_path path)
{
    lw_client *client = ctx;
    const lw_platform *platform = client->cfg.platform;
    (void)tree;
    (void)path;
    if (platform->erase_all != NULL) {
        platform->erase_all(platform->ctx);
    }
    client->erased = true;
    lw_client_tell_that(client, LW_CLIENT_FACTORY_RESET);
}

lw_err lw_act_factory_reset(void *ctx)
{
    lw_client *client = ctx;
    return client->has_factory_data ? lw_act_when_answered(ctx, factory_reset, lw_path_root())
                                    : LW_EMETHOD; /* P-OBJ-13 */
}

/* ---- Time and storage -------------------------------------------------------------------------
 */

lw_time lw_act_now(void *ctx)
{
    return ((lw_client *)ctx)->now;
}

int64_t lw_client_clock(const lw_client *client)
{
    const lw_platform *platform = client->cfg.platform;
    return platform->wall_clock != NULL ? platform->wall_clock(platform->ctx) : -1;
}

int64_t lw_client_seconds(const lw_client *client)
{
    int64_t seconds = lw_client_clock(client);
    return (seconds >= 0 ? seconds : client->now / LW_SECOND_MS) + client->clock_ahead;
}

int64_t lw_act_wall_clock(void *ctx)
{
    const lw_client *client = ctx;
    bool is_known = client->clock_is_set || lw_client_clock(client) >= 0;
    return is_known ? lw_client_seconds(client) : -1;
}

void lw_act_set_wall_clock(void *ctx, int64_t seconds)
{
    lw_client *client = ctx;
    client->clock_is_set = true;
    client->clock_ahead += seconds - lw_client_seconds(client);
}

lw_err lw_act_store(void *ctx, const char *name, lw_bytes record)
{
    const lw_platform *platform = ((lw_client *)ctx)->cfg.platform;
    return platform->store != NULL ? platform->store(platform->ctx, name, record) : LW_ENOTSUP;
}

lw_err lw_act_load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    const lw_platform *platform = ((lw_client *)ctx)->cfg.platform;
    return platform->load != NULL ? platform->load(platform->ctx, name, out, cap, out_len)
                                  : LW_ENOTSUP;
}
