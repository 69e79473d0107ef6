#include "client/server.h"

#include "base/apart.h"
#include "base/assert.h"
#include "lw/objects.h"

/* A registration that the server forgets within this time counts as a failed attempt (rule 19). */
#define BRAKE_MS (10 * LW_SECOND_MS)

static void on_alarm(lw_coap *coap, lw_alarm *alarm);
static void on_link(lw_server *server, lw_err err);
static void on_nap(lw_coap *coap, lw_alarm *alarm);
static void ask(lw_server *server, lw_server_state to);
static void left(lw_server *server);

/* ---- States -----------------------------------------------------------------------------------
 */

#define S(state) (1u << LW_SERVER_##state)

/* from -> to */
static const uint16_t moves[] = {
    [LW_SERVER_IDLE] = S(IDLE) | S(DELAY) | S(DISABLED),
    [LW_SERVER_DELAY] = S(IDLE) | S(CONNECTING),
    [LW_SERVER_CONNECTING] = S(IDLE) | S(REGISTERING) | S(UPDATING) | S(BACKOFF),
    [LW_SERVER_REGISTERING] = S(IDLE) | S(REGISTERING) | S(REGISTERED) | S(BACKOFF) | S(CONNECTING),
    [LW_SERVER_REGISTERED] =
        S(IDLE) | S(REGISTERING) | S(UPDATING) | S(DEREGISTERING) | S(CONNECTING) | S(BACKOFF),
    [LW_SERVER_UPDATING] =
        S(IDLE) | S(REGISTERED) | S(REGISTERING) | S(BACKOFF) | S(DEREGISTERING) | S(CONNECTING),
    [LW_SERVER_DEREGISTERING] = S(IDLE),
    [LW_SERVER_DISABLED] = S(IDLE) | S(CONNECTING),
    [LW_SERVER_BACKOFF] = S(IDLE) | S(CONNECTING) | S(DEREGISTERING),
};

const char *lw_server_state_name(lw_server_state state)
{
    static const char *const names[] = {"idle",          "delay",      "connecting",
                                        "registering",   "registered", "updating",
                                        "deregistering", "disabled",   "backoff"};
    return names[state];
}

static bool is_one_of(const lw_server *server, unsigned states)
{
    return (states >> server->state & 1u) != 0;
}

/* The states in which something is under way with the server. */
#define TALKING (S(CONNECTING) | S(REGISTERING) | S(UPDATING))

static void wake_in(lw_server *server, uint32_t seconds)
{
    lw_alarm_set_in(server->client, &server->alarm, seconds);
}

/* The one place where a state changes. Whoever calls it sets the alarm. */
static void enter(lw_server *server, lw_server_state to)
{
    lw_assert((moves[server->state] >> to & 1u) != 0);
    lw_trace(server->client, "server", lw_server_state_name(to));
    server->state = (uint8_t)to;
}

/* `seconds` is how long it may last. */
static void wait_in(lw_server *server, lw_server_state to, uint32_t seconds)
{
    enter(server, to);
    wake_in(server, seconds);
}

static void set_state(lw_server *server, lw_server_state to)
{
    wait_in(server, to, LW_FOREVER);
}

void lw_server_report(const lw_server *server, lw_client_event_kind kind, lw_err err, uint8_t code)
{
    lw_client_event event = {.kind = (uint8_t)kind,
                             .code = code,
                             .ssid = server->ssid,
                             .err = err,
                             .retry_at = lw_deadline_at(&server->alarm.deadline)};
    lw_client_tell(server->client, &event);
}

bool lw_server_is_registered(const lw_server *server)
{
    return server->registered;
}

bool lw_server_is_ready(const lw_server *server)
{
    return server->state == LW_SERVER_REGISTERED && server->update == 0 && !server->offline &&
           !server->client->bootstrapping;
}

uint32_t lw_server_setting(const lw_server *server, uint16_t resource, uint32_t absent)
{
    lw_path path = lw_path_resource(LW_OBJ_SERVER, server->account, resource);
    return lw_tree_number(&server->client->tree, path, absent);
}

void lw_server_init(lw_client *client, lw_server *server, unsigned link)
{
    *server = (lw_server){.client = client,
                          .next = server->next,
                          .link = (uint8_t)link,
                          .version = client->cfg.version,
                          .link_state = LW_EIO,
                          .account = LW_ID_MAX,
                          .on_link = on_link,
                          .alarm = {.fire = on_alarm},
                          .nap = {.fire = on_nap}};
    lw_coap_peer_init(&client->coap, &server->peer, &lw_coap_params_udp);
}

/* ---- Link -------------------------------------------------------------------------------------
 */

void lw_server_close_link(lw_server *server)
{
    lw_client *client = server->client;
    lw_coap_peer_drop(&client->coap, &server->peer); /* what is in flight ends as cancelled */
    lw_coap_peer_resume(&server->peer);
    lw_outbox_drop_link(&client->outbox, &client->pool->mem, server->link);
    if (server->link_state <= LW_AGAIN) {
        server->link_state = LW_EIO;
        client->cfg.platform->link_close(client->cfg.platform->ctx, server->link);
    }
}

static lw_path security_path(const lw_server *server, uint16_t resource)
{
    return lw_path_resource(LW_OBJ_SECURITY, server->security, resource);
}

static lw_bytes security_octets(const lw_server *server, uint16_t resource)
{
    return lw_tree_octets(&server->client->tree, security_path(server, resource));
}

static uint8_t security_mode(const lw_server *server)
{
    lw_path path = security_path(server, LW_RES_SECURITY_SECURITY_MODE);
    return (uint8_t)lw_tree_number(&server->client->tree, path, LW_SECURITY_NOSEC);
}

lw_err lw_server_open_link_to(lw_server *server, const lw_link_to *to)
{
    const lw_platform *platform = server->client->cfg.platform;
    lw_err err = platform->link_open(platform->ctx, server->link, to);
    server->link_state = (uint8_t)err;
    return err;
}

lw_err lw_server_open_link(lw_server *server)
{
    lw_link_to to = {
        .uri = security_octets(server, LW_RES_SECURITY_SERVER_URI),
        .security = security_mode(server),
        .bootstrap = server->ssid == 0,
        .identity = security_octets(server, LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY),
        .server_key = security_octets(server, LW_RES_SECURITY_SERVER_PUBLIC_KEY),
        .secret = security_octets(server, LW_RES_SECURITY_SECRET_KEY),
    };
    return lw_server_open_link_to(server, &to);
}

/* ---- Attempts (CLI-50) ------------------------------------------------------------------------
 */

static bool is_rejection(uint8_t code)
{
    return lw_coap_code_class(code) == 4;
}

static void end_registration(lw_server *server)
{
    if (server->registered) {
        server->registered = false;
        lw_client_dispatch(server, LW_SERVER_EV_ENDED);
    }
}

/* 1/x/16: rather a bootstrap, which begins, than another attempt (CLI-30). */
static bool turns_to_bootstrap(const lw_server *server)
{
    return lw_server_setting(server, LW_RES_SERVER_BOOTSTRAP_ON_REGISTRATION_FAILURE, 1) != 0 &&
           lw_client_begin_bootstrap(server->client) == LW_OK;
}

uint32_t lw_server_retry_wait(const lw_server *server, unsigned attempt)
{
    uint32_t wait = lw_server_setting(server, LW_RES_SERVER_COMMUNICATION_RETRY_TIMER, 60);
    for (; attempt > 1 && wait != 0 && wait < LW_FOREVER / 2; attempt--) {
        wait *= 2;
    }
    return wait;
}

uint32_t lw_server_retry_count(const lw_server *server)
{
    return lw_server_setting(server, LW_RES_SERVER_COMMUNICATION_RETRY_COUNT, 5);
}

/* Another attempt would end as this one: the account is none that this device can use, or the
 * server refuses (CLI-51). */
static bool is_hopeless(const lw_server *server, lw_err err, uint8_t code)
{
    return server->state == LW_SERVER_CONNECTING
               ? err == LW_EFORMAT || err == LW_ENOTSUP
               : server->state == LW_SERVER_REGISTERING && is_rejection(code);
}

/* One attempt is over without a registration. After the last one of a sequence comes the next
 * sequence, after the last sequence the first again, so that the device keeps trying (CLI-31),
 * unless a bootstrap begins. The largest value of 1/x/19 says "no further sequence". */
static void attempt_failed(lw_server *server, lw_err err, uint8_t code)
{
    bool is_last = is_hopeless(server, err, code);
    lw_server_close_link(server);
    uint32_t wait = lw_server_retry_wait(server, ++server->attempts);
    bool is_over = server->attempts >= lw_server_retry_count(server) ||
                   (is_last && server->state == LW_SERVER_CONNECTING);
    if (is_over) {
        wait = lw_server_setting(server, LW_RES_SERVER_COMMUNICATION_SEQUENCE_DELAY_TIMER, 86400);
        server->attempts = 0;
        server->sequences++;
        is_last |=
            wait == LW_FOREVER ||
            server->sequences >=
                lw_server_setting(server, LW_RES_SERVER_COMMUNICATION_SEQUENCE_RETRY_COUNT, 1);
    }
    if (is_last) {
        server->sequences = 0;
        if (turns_to_bootstrap(server)) {
            is_over = false;
            wait = LW_FOREVER;
        }
    }
    enter(server, LW_SERVER_BACKOFF);
    /* A second at least: a link that fails at once must not keep the client from all else. */
    lw_alarm_set_jittered(server->client, &server->alarm, wait != 0 ? wait : 1);
    lw_server_report(server, LW_CLIENT_REGISTRATION_FAILED, err, code);
    if (is_over && lw_server_setting(server, LW_RES_SERVER_REGISTRATION_FAILURE_BLOCK, 0) == 0) {
        lw_schedule_next(server); /* CLI-43 */
    }
}

static uint32_t own_address(const lw_server *server)
{
    const lw_platform *platform = server->client->cfg.platform;
    return platform->own_address != NULL ? platform->own_address(platform->ctx, server->link) : 0;
}

/* The link is up: a live registration goes on where the security allows it (REG-43, REG-44,
 * P-REG-04). */
static bool goes_on(const lw_server *server)
{
    return security_mode(server) == LW_SECURITY_NOSEC ? own_address(server) == server->own_address
                                                      : server->version >= LW_VERSION_1_2;
}

/* REG-42: the registration there is, or a new one. */
static void talk(lw_server *server, bool anew)
{
    bool is_over = anew || !server->registered || server->client->now >= server->expires;
    ask(server, is_over ? LW_SERVER_REGISTERING : LW_SERVER_UPDATING);
}

static void connect_link(lw_server *server)
{
    wait_in(server, LW_SERVER_CONNECTING, LW_EXCHANGE_LIFETIME);
    lw_err err = lw_server_open_link(server);
    if (err != LW_AGAIN) {
        on_link(server, err);
    }
}

void lw_server_go_offline(lw_server *server)
{
    if (server->registered) {
        server->offline = true;
        lw_client_dispatch(server, LW_SERVER_EV_OFFLINE);
    }
}

static void on_link(lw_server *server, lw_err err)
{
    if (err == LW_OK) {
        if (server->state == LW_SERVER_CONNECTING) {
            talk(server, !goes_on(server));
        }
    } else if (server->state == LW_SERVER_DEREGISTERING) {
        lw_server_stop_asking(server); /* which ends it */
    } else {
        lw_server_go_offline(server);
        if (server->state == LW_SERVER_REGISTERED) {
            wait_in(server, LW_SERVER_BACKOFF, 0);
            return;
        }
        lw_server_report(server, LW_CLIENT_LINK_FAILED, err, LW_COAP_EMPTY);
        attempt_failed(server, err, LW_COAP_EMPTY);
    }
}

/* ---- Registration -----------------------------------------------------------------------------
 */

/* The lifetime runs from here, unless it is 0 (CLI-63). The next Update comes early enough for all
 * retransmissions, or after half the lifetime when that is too short (CLI-62); with the next step
 * when something became due meanwhile. */
static void stay_registered(lw_server *server)
{
    uint32_t lasts = server->lifetime != 0 ? server->lifetime : LW_FOREVER;
    uint32_t wait = lasts == LW_FOREVER                ? LW_FOREVER
                    : lasts > 2 * LW_MAX_TRANSMIT_WAIT ? lasts - LW_MAX_TRANSMIT_WAIT
                                                       : (lasts + 1) / 2;
    server->offline = false;
    server->attempts = 0;
    server->sequences = 0;
    server->expires = lw_alarm_after(server->client, lasts);
    wait_in(server, LW_SERVER_REGISTERED, server->update != 0 || server->disable ? 0 : wait);
    lw_schedule_next(server);
}

static void take_registration(lw_server *server, const lw_coap_msg *answer)
{
    if (lw_location_read(answer->options, &server->location) != LW_OK) {
        /* REG-05, rule 23: a place we cannot name is no registration */
        attempt_failed(server, LW_EPROTO, LW_COAP_EMPTY);
        return;
    }
    server->registered = true;
    server->had_success = true;
    server->registered_at = server->client->now;
    server->own_address = own_address(server);
    stay_registered(server);
    lw_client_dispatch(server, LW_SERVER_EV_REGISTERED);
    lw_server_report(server, LW_CLIENT_REGISTERED, LW_OK, LW_COAP_CREATED);
}

static void on_register_end(lw_server *server, const lw_coap_result *result, uint8_t code)
{
    lw_version lower = lw_version_lower((lw_version)server->version);
    if (code == LW_COAP_CREATED) {
        take_registration(server, result->msg);
    } else if (code == LW_COAP_PRECONDITION_FAILED && lower != LW_VERSION_NONE) { /* VER-04 */
        server->version = (uint8_t)lower;
        ask(server, LW_SERVER_REGISTERING);
    } else {
        attempt_failed(server, result->err, code);
    }
}

static void on_update_end(lw_server *server, lw_err err, uint8_t code)
{
    if (code == LW_COAP_CHANGED) {
        stay_registered(server);
        lw_client_dispatch(server, LW_SERVER_EV_UPDATED);
        lw_server_report(server, LW_CLIENT_UPDATED, LW_OK, code);
        return;
    }
    lw_server_report(server, LW_CLIENT_UPDATE_FAILED, err, code);
    /* REG-33: 4.04 and 4.00 mean that the server knows nothing of us; with a brake, so that a
     * server which forgets at once is not asked for ever. */
    if (is_rejection(code)) {
        end_registration(server);
        if (server->client->now - server->registered_at >= BRAKE_MS) {
            ask(server, LW_SERVER_REGISTERING);
            return;
        }
    } else {
        server->expires = server->client->now; /* as it may be for the server: Register is next */
        lw_server_go_offline(server);
    }
    attempt_failed(server, err, code);
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    lw_server *server = ctx;
    uint8_t code = result->err == LW_OK ? result->msg->code : LW_COAP_EMPTY;
    server->asking = NULL;
    if (server->state == LW_SERVER_DEREGISTERING) {
        left(server); /* not registered, whatever the answer (REG-40) */
    } else if (result->err == LW_ECANCELED) {
        server->update |= server->telling; /* the next one says it */
    } else if (server->state == LW_SERVER_REGISTERING) {
        on_register_end(server, result, code);
    } else {
        on_update_end(server, result->err, code);
    }
}

/* Says what the state is about: Register, Update or De-register. */
static void ask(lw_server *server, lw_server_state to)
{
    server->telling = to == LW_SERVER_UPDATING ? server->update : 0;
    if (to == LW_SERVER_REGISTERING) {
        end_registration(server);
        server->telling = LW_UPDATE_ALL;
    }
    server->update = 0;
    set_state(server, to);
    lw_err err = lw_server_say(server, on_end);
    if (err == LW_OK) {
        return;
    }
    if (to == LW_SERVER_DEREGISTERING) {
        left(server);
    } else {
        server->update = server->telling;
        attempt_failed(server, err, LW_COAP_EMPTY);
    }
}

LW_APART void lw_server_want_update(lw_server *server, uint8_t reasons)
{
    server->update |= reasons;
    if (server->state == LW_SERVER_REGISTERED) {
        wake_in(server, 0);
    }
}

bool lw_server_hurry(lw_server *server)
{
    bool waits = server->state == LW_SERVER_BACKOFF;
    if (server->registered) {
        lw_server_want_update(server, LW_UPDATE_PLAIN);
    }
    if (waits) {
        wake_in(server, 0);
    }
    return server->registered || waits;
}

/* ---- Leaving ----------------------------------------------------------------------------------
 */

static void left(lw_server *server)
{
    bool was_registered = server->registered;
    bool comes_back = server->disable;
    server->disable = false;
    lw_server_reset(server);
    if (was_registered) {
        lw_server_report(server, LW_CLIENT_DEREGISTERED, LW_OK, LW_COAP_EMPTY);
    }
    if (comes_back) {
        uint32_t timeout = lw_server_setting(server, LW_RES_SERVER_DISABLE_TIMEOUT, 86400);
        wait_in(server, LW_SERVER_DISABLED, timeout);
        lw_server_report(server, LW_CLIENT_DISABLED, LW_OK, LW_COAP_EMPTY);
        lw_schedule_next(server); /* it may have had the turn */
    }
}

void lw_server_leave(lw_server *server, bool comes_back)
{
    lw_server_stop_asking(server); /* rule 26; a De-register ends with it, and IDLE */
    server->disable = comes_back;
    if (server->registered && server->link_state == LW_OK) {
        ask(server, LW_SERVER_DEREGISTERING);
    } else {
        left(server);
    }
}

void lw_server_disable(lw_server *server)
{
    if (!is_one_of(server, S(IDLE) | S(DEREGISTERING))) { /* it leaves anyhow */
        server->disable = true;
        wake_in(server, 0);
    }
}

void lw_server_reset(lw_server *server)
{
    lw_server_stop_asking(server);
    end_registration(server);
    lw_server_close_link(server);
    server->attempts = 0;
    server->sequences = 0;
    server->version = server->client->cfg.version;
    lw_alarm_set_in(server->client, &server->nap, LW_FOREVER);
    server->has_turn = false;
    set_state(server, LW_SERVER_IDLE);
}

void lw_server_register_anew(lw_server *server)
{
    if (!is_one_of(server, S(IDLE) | S(DISABLED) | S(DEREGISTERING))) {
        lw_server_reset(server);
        lw_schedule_begin(server->client);
    }
}

void lw_server_resume_registration(lw_server *server)
{
    server->registered_at = server->client->now - BRAKE_MS; /* long ago */
    server->registered = server->had_success = true;
}

/* ---- While a bootstrap runs -------------------------------------------------------------------
 */

void lw_server_pause(lw_server *server)
{
    if (is_one_of(server, TALKING)) {
        lw_server_close_link(server);
        wait_in(server, LW_SERVER_BACKOFF, 0);
    }
}

bool lw_server_has_given_up(const lw_server *server)
{
    return server->state == LW_SERVER_BACKOFF && !lw_deadline_is_armed(&server->alarm.deadline);
}

void lw_server_resume(lw_server *server)
{
    if (lw_server_has_given_up(server)) {
        lw_server_reset(server);
    }
    if (server->registered && !server->offline) {
        lw_client_dispatch(server, LW_SERVER_EV_ONLINE); /* what waited may go */
    }
}

/* ---- Deadlines --------------------------------------------------------------------------------
 */

void lw_server_start(lw_server *server)
{
    uint32_t delay = lw_server_setting(server, LW_RES_SERVER_INITIAL_REGISTRATION_DELAY_TIMER, 0);
    wait_in(server, LW_SERVER_DELAY, server->had_success ? 0 : delay); /* CLI-41 */
}

LW_APART static void go_on(lw_server *server)
{
    lw_client *client = server->client;
    if (client->bootstrapping) { /* rule 12: what is due goes on within a second of its end */
        wake_in(server, 1);
    } else if (server->disable) {
        lw_server_leave(server, true);
    } else if (server->state == LW_SERVER_CONNECTING) {
        attempt_failed(server, LW_ETIMEOUT, LW_COAP_EMPTY);
    } else if (server->state == LW_SERVER_REGISTERED) {
        talk(server, false);
    } else {
        connect_link(server);
    }
}

static void on_alarm(lw_coap *coap, lw_alarm *alarm)
{
    (void)coap;
    go_on(LW_CONTAINER(alarm, lw_server, alarm));
}

/* ---- Queue mode -------------------------------------------------------------------------------
 */

void lw_server_is_active(lw_server *server)
{
    if (!server->client->cfg.queue_mode) {
        return;
    }
    lw_alarm_set_in(server->client, &server->nap, LW_MAX_TRANSMIT_WAIT);
    if (server->asleep) {
        server->asleep = false;
        lw_server_report(server, LW_CLIENT_AWAKE, LW_OK, LW_COAP_EMPTY);
    }
}

static void on_nap(lw_coap *coap, lw_alarm *alarm)
{
    lw_server *server = LW_CONTAINER(alarm, lw_server, nap);
    (void)coap;
    if (server->registered) {
        server->asleep = true;
        lw_server_report(server, LW_CLIENT_ASLEEP, LW_OK, LW_COAP_EMPTY);
    }
}
