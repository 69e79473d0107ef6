#include "client/bootstrap.h"

#include "base/apart.h"
#include "base/reader.h"
#include "client/feature.h"
#include "client/server.h"
#include "lw/objects.h"
#include "proto/bootstrap.h"

/* All in seconds. When waiting longer and longer did not help, and for what never will. */
#define REST 86400u
/* A purge that is due while a session runs waits for its end. */
#define PURGE_AGAIN 60u

#define OPTIONS_MAX 544u /* endpoint name and account, each an option at most */

/* ---- States -----------------------------------------------------------------------------------
 */

const char *lw_bs_state_name(lw_bs_state state)
{
    static const char *const names[] = {"idle",   "waiting", "connecting", "asking for a pack",
                                        "asking", "running", "failed",     "committed",
                                        "linger"};
    return names[state];
}

/* `seconds` is how long it may last. */
static void set_state(lw_bootstrap *bs, lw_bs_state to, uint32_t seconds)
{
    lw_trace(bs->server.client, "bootstrap", lw_bs_state_name(to));
    bs->state = (uint8_t)to;
    lw_alarm_set_in(bs->server.client, &bs->server.alarm, seconds);
}

static void tell(const lw_bootstrap *bs, lw_client_event_kind kind)
{
    lw_server_report(&bs->server, kind, bs->err, bs->code);
}

/* ---- Beginning and failing --------------------------------------------------------------------
 */

/* CLI-33, P-BS-21: the wait after the n-th attempt without a registration, however it ended. */
static void back_off(lw_bootstrap *bs, uint32_t least)
{
    static const uint8_t waits[] = {0, 3, 6, 12, 24, 48, 96, 120, 120, 120};
    uint32_t wait = bs->rounds < sizeof waits ? waits[bs->rounds] : REST;
    set_state(bs, LW_BS_WAITING, LW_FOREVER);
    lw_alarm_set_jittered(bs->server.client, &bs->server.alarm, wait > least ? wait : least);
}

/* What the account says. */
static uint32_t seconds_of(lw_client *client, uint16_t resource)
{
    lw_path path = lw_path_resource(LW_OBJ_SECURITY, lw_bs_account(client), resource);
    return lw_tree_number(&client->tree, path, 0);
}

/* Everything as it was before the session. */
static void drop_session(lw_bootstrap *bs)
{
    lw_client *client = bs->server.client;
    if (lw_tree_is_holding(&client->tree)) {
        lw_tree_revert(&client->tree);
    }
    lw_server_close_link(&bs->server);
    client->bootstrapping = false;
}

static void resume_servers(lw_client *client)
{
    LW_EACH_SERVER (client, s) {
        lw_server_resume(s);
    }
    lw_schedule_begin(client);
}

/* With the next step: in a callback of the endpoint the link must not be closed. */
static void fail(lw_bootstrap *bs, lw_err err, uint8_t code)
{
    bs->err = err;
    bs->code = code;
    set_state(bs, LW_BS_FAILED, 0);
}

static void end_failed(lw_bootstrap *bs)
{
    bool will_never_work = bs->err == LW_EFORMAT || bs->err == LW_ENOTSUP;
    bs->err = bs->err == LW_OK ? LW_ETIMEOUT : bs->err;
    drop_session(bs);
    back_off(bs, will_never_work ? REST : 0);
    tell(bs, LW_CLIENT_BOOTSTRAP_FAILED);
    resume_servers(bs->server.client);
}

/* ---- Asking -----------------------------------------------------------------------------------
 */

static uint16_t preferred_format(const lw_client *client)
{
    const lw_format *const *f = client->cfg.formats;
    for (; *f != NULL; f++) {
        if (lw_bs_is_format((*f)->id) && (*f)->since <= client->cfg.version &&
            lw_version_has((lw_version)client->cfg.version, LW_FEATURE_BOOTSTRAP_PCT)) {
            return (*f)->id;
        }
    }
    return LW_CF_NONE;
}

lw_err lw_bs_send(lw_bootstrap *bs, lw_op op, uint16_t format, const char *account,
                  lw_coap_end_fn on_end)
{
    uint8_t options[OPTIONS_MAX];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, options, sizeof options);
    lw_coap_begin_options(&out, &w);
    lw_bs_request_put(&out, op, format, bs->server.client->cfg.endpoint, account);
    lw_coap_request sent = {.code = lw_op_rule_of(op)->method,
                            .options = lw_writer_plain(&w),
                            .on_end = on_end,
                            .ctx = bs};
    return w.err == LW_OK ? lw_server_send(&bs->server, &sent, 0) : w.err;
}

static void on_asked(void *ctx, const lw_coap_result *result)
{
    lw_bootstrap *bs = ctx;
    bs->server.asking = NULL;
    bool is_running = bs->state == LW_BS_RUNNING; /* commands were faster than the answer */
    if (result->err == LW_ECANCELED || (bs->state != LW_BS_ASKING && !is_running)) {
        return;
    }
    if (result->err == LW_OK && lw_coap_code_class(result->msg->code) == 2) {
        set_state(bs, LW_BS_RUNNING, LW_EXCHANGE_LIFETIME);
    } else if (result->err == LW_OK) {
        fail(bs, LW_EDENIED, result->msg->code);
    } else if (!is_running) {
        fail(bs, result->err, 0);
    }
}

void lw_bs_ask(lw_bootstrap *bs)
{
    uint16_t format = preferred_format(bs->server.client);
    set_state(bs, LW_BS_ASKING, LW_FOREVER);
    lw_err err = lw_bs_send(bs, LW_OP_BS_REQUEST, format, NULL, on_asked);
    if (err != LW_OK) {
        fail(bs, err, 0);
    }
}

static void talk(lw_bootstrap *bs)
{
    lw_plug *plug = lw_client_part(bs->server.client, LW_PART_PACK);
    set_state(bs, LW_BS_ASKING_PACK, LW_FOREVER);
    if (plug == NULL || plug->feature->as.ask_pack(bs) != LW_OK) {
        lw_bs_ask(bs);
    }
}

static void on_link(lw_server *server, lw_err err)
{
    lw_bootstrap *bs = LW_CONTAINER(server, lw_bootstrap, server);
    if (err == LW_OK && bs->state == LW_BS_CONNECTING) {
        talk(bs);
    } else if (err != LW_OK && server->client->bootstrapping && bs->state != LW_BS_COMMITTED) {
        fail(bs, err, 0);
    }
}

static void open_session(lw_bootstrap *bs)
{
    lw_client *client = bs->server.client;
    bs->err = LW_OK;
    bs->code = 0;
    bs->server.security = lw_bs_account(client);
    if (bs->server.security == LW_ID_MAX) {
        set_state(bs, LW_BS_IDLE, LW_FOREVER); /* it was purged meanwhile */
        return;
    }
    if (bs->rounds < UINT8_MAX) {
        bs->rounds++;
    }
    client->bootstrapping = true;
    LW_EACH_SERVER (client, s) {
        lw_server_pause(s);
    }
    tell(bs, LW_CLIENT_BOOTSTRAP_STARTED);
    set_state(bs, LW_BS_CONNECTING, LW_EXCHANGE_LIFETIME);
    lw_err err = lw_server_open_link(&bs->server);
    if (err != LW_AGAIN) {
        on_link(&bs->server, err);
    }
}

static lw_err begin(void *state)
{
    lw_bootstrap *bs = state;
    lw_client *client = bs->server.client;
    if (lw_bs_account(client) == LW_ID_MAX || !client->started || client->stopping) {
        return LW_ESTATE;
    }
    if (bs->state == LW_BS_LINGER) {
        lw_server_close_link(&bs->server);
    } else if (bs->state != LW_BS_IDLE) {
        return LW_OK; /* it is on its way */
    }
    bs->no_packs = false;
    bs->err = LW_OK;
    back_off(bs, seconds_of(client, LW_RES_SECURITY_CLIENT_HOLD_OFF_TIME));
    return LW_OK;
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

static uint8_t route(const void *state, lw_version version, const lw_coap_msg *msg,
                     lw_request *out_request)
{
    const lw_bootstrap *bs = state;
    return bs->state == LW_BS_ASKING || bs->state == LW_BS_RUNNING
               ? lw_route_bootstrap(version, msg, out_request)
               : LW_COAP_METHOD_NOT_ALLOWED;
}

static lw_err serve(void *state, lw_call *call)
{
    lw_bootstrap *bs = state;
    if (!lw_tree_is_holding(&call->client->tree) && lw_tree_hold(&call->client->tree) != LW_OK) {
        return LW_ESTATE; /* the application changes something right now */
    }
    set_state(bs, LW_BS_RUNNING, LW_EXCHANGE_LIFETIME); /* P-BS-09 */
    return lw_bs_command(bs, call);
}

/* ---- Committing -------------------------------------------------------------------------------
 */

/* BS-53: a Server instance that the session did not touch, and whose Security instance it removed,
 * goes with it. BS-51: those that it wrote learn when. */
static lw_err complete_servers(lw_client *client)
{
    lw_tree *tree = &client->tree;
    int64_t clock = lw_act_wall_clock(client);
    lw_err err = LW_OK;
    lw_path at = lw_path_object(LW_OBJ_SERVER);
    while (err == LW_OK && lw_tree_next_instance(tree, &at)) {
        uint16_t ssid = lw_account_ssid(client, at);
        lw_path when = lw_path_resource_of(at, LW_RES_SERVER_LAST_BOOTSTRAPPED);
        bool is_written = lw_tree_is_held(tree, at);
        if (!is_written && lw_bs_count(client, LW_OBJ_SECURITY, ssid) == 0) {
            err = lw_tree_remove(tree, at);
        } else if (is_written && clock >= 0 && lw_tree_resource_def(tree, when) != NULL) {
            err = lw_tree_set(tree, when, lw_value_time(clock));
        }
    }
    return err;
}

static lw_err complete_in_transaction(lw_client *client)
{
    lw_err err = lw_tree_begin(&client->tree);
    return err == LW_OK ? lw_tree_end(&client->tree, complete_servers(client)) : err;
}

/* Everything that may still refuse: hooks of features, and of the objects (CLI-04); then storage,
 * before the answer leaves (CLI-03, P-BS-07). */
static lw_err ask_everybody(lw_client *client)
{
    lw_err err = LW_OK;
    err = err == LW_OK ? lw_client_reach(client, LW_MOMENT_ACCOUNTS) : err;
    err = err == LW_OK ? lw_tree_check(&client->tree) : err;
    return err == LW_OK ? lw_client_reach(client, LW_MOMENT_COMMIT) : err;
}

static uint32_t purge_wait(const lw_bootstrap *bs)
{
    return seconds_of(bs->server.client, LW_RES_SECURITY_BOOTSTRAP_SERVER_ACCOUNT_TIMEOUT);
}

/* BS-50: from here on, not from the start of the device (P-BS-16). */
static int64_t purge_time(const lw_bootstrap *bs)
{
    int64_t clock = lw_client_clock(bs->server.client);
    uint32_t wait = purge_wait(bs);
    return wait == 0 ? 0 : clock >= 0 ? clock + wait : -1;
}

/* Who does not know the time waits for all of it: to purge the account too late is the smaller
 * evil, for it is the way back (rule 10). */
static void arm_purge(lw_bootstrap *bs)
{
    int64_t clock = lw_client_clock(bs->server.client);
    uint32_t wait = bs->purge_at != 0 ? purge_wait(bs) : LW_FOREVER;
    if (bs->purge_at > 0 && clock >= 0 && bs->purge_at - clock < wait) {
        wait = bs->purge_at > clock ? (uint32_t)(bs->purge_at - clock) : 0;
    }
    lw_alarm_set_in(bs->server.client, &bs->purge, wait);
}

lw_err lw_bs_conclude(lw_bootstrap *bs)
{
    lw_client *client = bs->server.client;
    int64_t purge_at = bs->purge_at;
    lw_err err = complete_in_transaction(client);
    err = err == LW_OK ? lw_bs_check(client) : err;
    if (err == LW_OK) {
        bs->purge_at = purge_time(bs);
        err = ask_everybody(client);
    }
    if (err != LW_OK) {
        bs->purge_at = purge_at;
        return err;
    }
    arm_purge(bs);
    lw_tree_settle(&client->tree);
    set_state(bs, LW_BS_COMMITTED, 0);
    return LW_OK;
}

/* Rule 12: all registrations begin anew. The link stays for a Finish whose answer was lost. */
static void close_session(lw_bootstrap *bs)
{
    lw_client *client = bs->server.client;
    lw_server_stop_asking(&bs->server);
    client->bootstrapping = false;
    set_state(bs, LW_BS_LINGER, LW_MAX_TRANSMIT_WAIT); /* a Finish may be repeated */
    tell(bs, LW_CLIENT_BOOTSTRAPPED);
    LW_EACH_SERVER (client, s) {
        s->had_success = false; /* CLI-41 */
        lw_server_reset(s);
    }
    lw_client_accounts_changed(client);
}

/* ---- Deadlines --------------------------------------------------------------------------------
 */

LW_APART static void go_on(lw_bootstrap *bs)
{
    switch ((lw_bs_state)bs->state) {
    case LW_BS_WAITING:
        open_session(bs);
        break;
    case LW_BS_COMMITTED:
        close_session(bs);
        break;
    case LW_BS_LINGER:
        lw_server_close_link(&bs->server);
        set_state(bs, LW_BS_IDLE, LW_FOREVER);
        break;
    default: /* it failed, or there is silence */
        end_failed(bs);
        break;
    }
}

static void on_alarm(lw_coap *coap, lw_alarm *alarm)
{
    (void)coap;
    go_on(LW_CONTAINER(alarm, lw_bootstrap, server.alarm));
}

/* The client looks at its accounts with the next step. */
static lw_err purge(lw_client *client)
{
    lw_err err = lw_tree_begin(&client->tree);
    return err == LW_OK ? lw_tree_end(&client->tree, lw_bs_remove(client, true, lw_path_root()))
                        : err;
}

static void on_purge(lw_coap *coap, lw_alarm *alarm)
{
    lw_bootstrap *bs = LW_CONTAINER(alarm, lw_bootstrap, purge);
    lw_client *client = coap->config.ctx;
    bool is_there = lw_bs_account(client) != LW_ID_MAX;
    if (is_there && (client->bootstrapping || purge(client) != LW_OK)) {
        lw_alarm_set_in(client, alarm, PURGE_AGAIN);
        return;
    }
    bs->purge_at = 0;
    lw_client_log(client, LW_LOG_INFO, "bootstrap", "account purged (0/x/12)");
}

/* ---- The feature ------------------------------------------------------------------------------
 */

static size_t size(const lw_client_cfg *cfg)
{
    (void)cfg;
    return sizeof(lw_bootstrap);
}

static lw_err init(lw_client *client, void *state)
{
    lw_bootstrap *bs = state;
    if (client->cfg.platform->link_check == NULL) {
        return LW_EINVAL;
    }
    lw_server_init(client, &bs->server, client->cfg.servers_max + (unsigned)LW_OTHER_BOOTSTRAP);
    bs->server.alarm.fire = on_alarm;
    bs->purge.fire = on_purge;
    bs->server.on_link = on_link;
    lw_client_add_peer(client, &bs->server);
    return LW_OK;
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    lw_bootstrap *bs = state;
    if (moment == LW_MOMENT_STOP) {
        drop_session(bs);
        set_state(bs, LW_BS_IDLE, LW_FOREVER);
        lw_alarm_set_in(client, &bs->purge, LW_FOREVER);
    }
    return LW_OK;
}

static bool has_anyone_given_up(const lw_client *client)
{
    LW_EACH_SERVER (client, s) {
        if (lw_server_has_given_up(s)) {
            return true;
        }
    }
    return false;
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    lw_bootstrap *bs = state;
    if (event != LW_SERVER_EV_REGISTERED) {
        return;
    }
    bs->rounds = 0;
    if (bs->state == LW_BS_WAITING && bs->err != LW_OK &&
        !has_anyone_given_up(server->client)) { /* another attempt is needless */
        set_state(bs, LW_BS_IDLE, LW_FOREVER);
    }
}

static void save(const void *state, lw_writer *out)
{
    const lw_bootstrap *bs = state;
    lw_write_u64(out, (uint64_t)bs->purge_at);
}

static void restore(void *state, lw_reader *in)
{
    lw_bootstrap *bs = state;
    bs->purge_at = (int64_t)lw_read_u64(in);
    arm_purge(bs);
}

const lw_client_feature lw_feature_bootstrap = {
    .ops = 1u << LW_OP_BS_DISCOVER | 1u << LW_OP_BS_READ | 1u << LW_OP_BS_WRITE |
           1u << LW_OP_BS_DELETE | 1u << LW_OP_BS_FINISH,
    .size = size,
    .init = init,
    .serve = serve,
    .on_server = on_server,
    .on_moment = on_moment,
    .part = LW_PART_BOOTSTRAP,
    .as.bootstrap = {.begin = begin, .route = route, .save = save, .restore = restore},
};
