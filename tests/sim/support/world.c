#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lw/ipso.h"

static const lw_object *const objects_1_0[] = {&lw_security_object_1_0, &lw_server_object_1_0,
                                               &lw_device_object_1_0, &lw_temperature_object, NULL};
static const lw_object *const objects_1_1[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                               &lw_device_object_1_1, &lw_temperature_object, NULL};
static const lw_object *const objects_1_2[] = {&lw_security_object_1_2, &lw_server_object_1_2,
                                               &lw_device_object_1_2, &lw_temperature_object, NULL};

static const lw_object *const *objects_of(uint8_t version)
{
    return version == 10 ? objects_1_0 : version == 12 ? objects_1_2 : objects_1_1;
}

static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, &lw_format_text,
                                           &lw_format_opaque, NULL};

static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,   &lw_feature_create,         &lw_feature_observe,
    &lw_feature_observe_1_2, &lw_feature_thresholds,     &lw_feature_store,
    &lw_feature_composite,   &lw_feature_depth,          &lw_feature_send,
    &lw_feature_bootstrap,   &lw_feature_bootstrap_pack, NULL};

/* ---- Making it --------------------------------------------------------------------------------
 */

static void add_account(world *w, const world_config *c, const lw_client_account *account)
{
    lw_client_account a = *account;
    a.lifetime = c->lifetime;
    a.hold_off = a.bootstrap ? c->hold_off : 0;
    a.security = c->security != 0 ? (uint8_t)(c->security - 1) : (uint8_t)LW_SECURITY_NOSEC;
    a.identity = lw_bytes_str("me");
    a.secret = lw_bytes_str("secret");
    assert_ok(lw_client_add_server(w->device->client, &a));
}

static void add_accounts(world *w, const world_config *c)
{
    if (c->bootstrap) {
        add_account(w, c, &(lw_client_account){.uri = "coap://bs", .bootstrap = true});
    }
    if (!c->no_server) {
        add_account(w, c, &(lw_client_account){.uri = "coap://a", .ssid = 1});
    }
    if (c->two_servers) {
        add_account(w, c, &(lw_client_account){.uri = "coap://b", .ssid = 2});
    }
    if (c->third_server) {
        add_account(w, c, &(lw_client_account){.uri = "coap://bs", .ssid = 3});
    }
}

static void power_up(world *w, const world_config *c)
{
    device_on(w->device);
    add_accounts(w, c);
    lw_tree *tree = lw_client_tree(w->device->client);
    assert_ok(lw_device_set_manufacturer(tree, 0, "Lapwing"));
    if (c->set_up != NULL) {
        c->set_up(w);
    }
    if (!c->dont_start) {
        device_start(w->device);
    }
}

void world_begin(world *w, const world_config *c)
{
    uint8_t version = c->version != 0 ? c->version : 11;
    w->sim = lw_sim_new(w->seed);
    if (w->loss > 0) {
        lw_sim_set_link(w->sim, NULL, NULL,
                        (lw_sim_link){.loss_permille = (uint16_t)(w->loss * 10),
                                      .duplicate_permille = 100,
                                      .reorder_permille = 100,
                                      .delay_min_ms = 10,
                                      .delay_max_ms = 400});
    }
    w->a = far_server_new(w->sim, "a");
    w->b = far_server_new(w->sim, "b");
    w->bs = far_server_new(w->sim, "bs");
    w->device =
        device_new(w->sim, &(lw_client_cfg){
                               .endpoint = c->endpoint != NULL ? c->endpoint : "dev1",
                               .version = version,
                               .queue_mode = c->queue_mode,
                               .objects = c->objects != NULL ? c->objects : objects_of(version),
                               .formats = c->formats != NULL ? c->formats : formats,
                               .features = c->features != NULL ? c->features : features,
                               .servers_max = c->servers_max != 0 ? c->servers_max : 2,
                               .dynamic = c->dynamic != 0 ? c->dynamic : 4096,
                           });
    w->device->is_tapped = c->is_tapped;
    /* "bs" before "b": the longer name first. */
    w->device->servers[0] = (device_host){"bs", w->bs->node};
    w->device->servers[1] = (device_host){"a", w->a->node};
    w->device->servers[2] = (device_host){"b", w->b->node};
    lw_sim_run(w->sim, 1 * SECOND);
    power_up(w, c);
}

void world_reboot(world *w, const world_config *c)
{
    device_off(w->device);
    power_up(w, c);
}

void world_end(world *w)
{
    device_free(w->device);
    far_server_free(w->a);
    far_server_free(w->b);
    far_server_free(w->bs);
    lw_sim_free(w->sim);
}

void world_pass(world *w, lw_time ms)
{
    device_poke(w->device);
    lw_sim_run(w->sim, lw_sim_now(w->sim) + ms);
}

lw_time world_now(const world *w)
{
    return lw_sim_now(w->sim);
}

void world_until_registered(world *w, uint16_t ssid)
{
    world_until(w, lw_client_is_registered(w->device->client, ssid), 1 * DAY);
}

bool world_is_anew(const world *w)
{
    bool was_registered = false, failed = false;
    for (size_t i = 0; i < w->device->event_count; i++) {
        const lw_client_event *e = &w->device->events[i].event;
        was_registered |= e->kind == LW_CLIENT_REGISTERED;
        failed |= was_registered && e->err == LW_ETIMEOUT;
    }
    return w->loss > 0 && failed;
}

/* ---- The device's data ------------------------------------------------------------------------
 */

static lw_path path_of(const char *text)
{
    lw_path path;
    assert_ok(lw_path_parse(lw_bytes_str(text), &path));
    return path;
}

void world_set(world *w, const char *path, lw_value value)
{
    assert_ok(lw_tree_set(lw_client_tree(w->device->client), path_of(path), value));
    device_poke(w->device);
}

void world_set_number(world *w, const char *path, int64_t number)
{
    world_set(w, path, lw_value_integer(number));
}

void world_add(world *w, const char *path)
{
    lw_path at, p = path_of(path);
    assert_ok(lw_tree_add(lw_client_tree(w->device->client), lw_path_id(p, LW_LEVEL_OBJECT),
                          lw_path_id(p, LW_LEVEL_INSTANCE), &at));
    device_poke(w->device);
}

void world_remove(world *w, const char *path)
{
    assert_ok(lw_tree_remove(lw_client_tree(w->device->client), path_of(path)));
    device_poke(w->device);
}

/* ---- What servers ask -------------------------------------------------------------------------
 */

far_reply world_ask(world *w, far_server *s, const far_ask *ask)
{
    far_reply reply = {.is_over = false};
    lw_time until = world_now(w) + 1 * HOUR;
    while (reply.err != LW_OK || !reply.is_over) {
        far_server_ask(s, ask, &reply);
        while (!reply.is_over) {
            world_pass(w, 20);
            assert_true(world_now(w) < until);
        }
    }
    return reply;
}

far_reply world_read(world *w, far_server *s, const char *target)
{
    return world_ask(
        w, s,
        &(far_ask){
            .code = LW_COAP_GET, .target = target, .observe = -1, .accept = -1, .format = -1});
}

static uint8_t ask_with_text(world *w, far_server *s, uint8_t code, const char *target,
                             const char *text)
{
    return world_ask(w, s,
                     &(far_ask){.code = code,
                                .target = target,
                                .observe = -1,
                                .accept = -1,
                                .format = text != NULL ? 0 : -1,
                                .body = lw_bytes_str(text != NULL ? text : "")})
        .code;
}

uint8_t world_write(world *w, far_server *s, const char *target, const char *text)
{
    return ask_with_text(w, s, LW_COAP_PUT, target, text);
}

uint8_t world_execute(world *w, far_server *s, const char *target, const char *arguments)
{
    return ask_with_text(w, s, LW_COAP_POST, target, arguments);
}

void world_execute_blindly(world *w, far_server *s, const char *target)
{
    static far_reply ignored;
    far_server_ask(
        s,
        &(far_ask){
            .code = LW_COAP_POST, .target = target, .observe = -1, .accept = -1, .format = -1},
        &ignored);
    device_poke(w->device);
}

uint8_t world_observe(world *w, far_server *s, uint8_t token, const char *target, int accept)
{
    return world_ask(w, s,
                     &(far_ask){.code = LW_COAP_GET,
                                .target = target,
                                .observe = 0,
                                .accept = accept,
                                .format = -1,
                                .token = token})
        .code;
}

unsigned world_told(const far_server *s, uint8_t token)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->notification_count; i++) {
        count += s->notifications[i].token.octets[0] == token;
    }
    return count;
}

const far_notification *world_last_told(const far_server *s, uint8_t token)
{
    for (size_t i = s->notification_count; i-- > 0;) {
        if (s->notifications[i].token.octets[0] == token) {
            return &s->notifications[i];
        }
    }
    return NULL;
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* The world of the run under way: what a failing test leaves behind. */
static world running;

void world_run_rule(void **state)
{
    const world_rule *rule = *state;
    uint64_t first = number_from("LW_SIM_SEED", 1);
    uint64_t runs = number_from("LW_SIM_RUNS", rule->loss > 0 ? 5 : 1);
    for (uint64_t i = 0; i < runs; i++) {
        running = (world){.loss = rule->loss, .seed = first + i};
        rule->run(&running);
        world_end(&running);
        running.sim = NULL;
    }
}

int world_tell_seed(void **state)
{
    (void)state;
    if (running.sim != NULL) {
        print_error("loss %u %%, at %.3f s: repeat with LW_SIM_SEED=%llu\n", running.loss,
                    (double)world_now(&running) / 1000.0, (unsigned long long)running.seed);
        world_end(&running);
        running.sim = NULL;
    }
    return 0;
}
