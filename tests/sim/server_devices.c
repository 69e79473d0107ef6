/* What devices do by themselves, as our server sees it: registrations, notifications, Sends and
 * sleep, with our device at the other end, a network that loses as much as a test says, addresses
 * that change, and processes and devices that lose their power.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "lw/ipso.h"
#include "near_server.h"

static near_server *near_;

static void add_sensor(world *w)
{
    world_add(w, "/3303/0");
    world_set(w, "/3303/0/5700", lw_value_float(0));
    world_set(w, "/1/0/23", lw_value_boolean(false)); /* Send is allowed */
}

static void begin(world *w, world_config config)
{
    config.set_up = add_sensor;
    config.dont_start = true;
    world_begin(w, &config);
    near_ = near_server_new(w->sim, "a", &(lw_server_cfg){.shard = 1, .record = true});
    w->device->servers[1] = (device_host){"a", near_->node};
    device_start(w->device);
    world_until_registered(w, 1);
}

static void end(void)
{
    near_server_free(near_);
    near_ = NULL;
}

static lw_server_device seen(void)
{
    lw_server_device d;
    assert_ok(lw_server_get(near_->server, lw_bytes_str("dev1"), &d));
    return d;
}

static unsigned below(world *w, uint32_t bound)
{
    return lw_rng_below(lw_sim_rng(w->sim), bound);
}

static void crash(world *w)
{
    near_server_crash(near_);
    world_pass(w, below(w, 10) * SECOND);
    near_server_start(near_);
}

/* ---- Registrations ----------------------------------------------------------------------------
 */

RULE(a_device_is_known_as_registered_over_days_of_crashes_and_new_addresses)
{
    begin(w, (world_config){.lifetime = 300});
    for (unsigned i = 0; i < 60; i++) {
        world_pass(w, below(w, 1 * HOUR));
        if (i % 3 == 0) {
            crash(w);
        } else if (i % 3 == 1) {
            lw_sim_rebind(w->sim, w->device->node); /* a NAT: nobody tells the device */
        }
        world_until(w,
                    near_->server != NULL && seen().row.is_registered &&
                        seen().row.hop.peer.port == 5683 &&
                        lw_client_is_registered(w->device->client, 1),
                    6 * HOUR);
    }
    lw_server_stats stats = lw_server_get_stats(near_->server);
    assert_int_equal(stats.devices, 1);
    assert_int_equal(stats.registered, 1);
    if (w->loss == 0) {
        assert_int_equal(near_->events[LW_SERVER_EXPIRED], 0);
        assert_int_equal(near_->events[LW_SERVER_REGISTERED], 1); /* an Update was enough */
    }
    end();
}

RULE(a_device_that_goes_silent_expires_and_comes_back)
{
    begin(w, (world_config){.lifetime = 300});
    device_off(w->device);
    world_config config = {.lifetime = 300, .set_up = add_sensor};
    lw_sim_run(w->sim, lw_sim_now(w->sim) + 700 * SECOND);
    assert_int_equal(seen().state, LW_DEVICE_OFFLINE);
    assert_int_equal(near_->events[LW_SERVER_EXPIRED], 1);
    world_reboot(w, &config);
    world_until_registered(w, 1);
    assert_int_equal(seen().state, LW_DEVICE_ONLINE);
    end();
}

RULE(an_object_that_appears_is_listed)
{
    begin(w, (world_config){.lifetime = 3000});
    world_add(w, "/3303/1");
    world_until(w,
                seen().row.links.len > 0 && strstr((const char *)seen().row.links.ptr, "/3303/1"),
                6 * HOUR);
    end();
}

/* ---- Observations -----------------------------------------------------------------------------
 */

static char newest[64]; /* of the value that the server was told */

static void on_event(void *ctx, const lw_server_event *event)
{
    (void)ctx;
    if (event->kind == LW_SERVER_NOTIFIED && !event->composite) {
        assert_true(event->payload.len < sizeof newest);
        memcpy(newest, event->payload.ptr, event->payload.len);
        newest[event->payload.len] = '\0';
    }
}

static unsigned kept;

static void on_kept(void *ctx, lw_err err)
{
    (void)ctx;
    assert_ok(err);
    kept++;
}

static void wish(world *w, const char *target, bool composite)
{
    unsigned before = kept;
    lw_row_wish row = {.endpoint = lw_bytes_str("dev1"),
                       .target = lw_bytes_str(target),
                       .composite = composite,
                       .format = composite ? 65535 : 0};
    assert_ok(lw_server_observe(near_->server, world_now(w), &row, on_kept, NULL));
    near_server_poke(near_);
    world_until(w, kept > before, 1 * MINUTE);
}

/* The value changes until the server has been told the newest of them: a notification that need not
 * be acknowledged may be lost. */
static void expect_news(world *w)
{
    static int value;
    char text[16];
    lw_time until = world_now(w) + 6 * HOUR;
    do {
        assert_true(world_now(w) < until);
        value++;
        snprintf(text, sizeof text, "%d", value);
        world_set(w, "/3303/0/5700", lw_value_float(value));
        world_pass(w, 1 * MINUTE);
    } while (strcmp(newest, text) != 0);
}

RULE(a_wish_is_kept_through_all_that_happens)
{
    world_config config = {.lifetime = 600, .set_up = add_sensor};
    begin(w, config);
    near_->on_event = on_event;
    wish(w, "/3303/0/5700", false);
    wish(w, "/3/0/0 /3303/0/5700", true);
    for (unsigned i = 0; i < 12; i++) {
        expect_news(w);
        switch (i % 4) {
        case 0:
            crash(w);
            break;
        case 1:
            lw_sim_rebind(w->sim, w->device->node);
            break;
        case 2:
            device_off(w->device);
            world_reboot(w, &config);
            break;
        default:
            world_add(w, "/3303/1");
            world_pass(w, 1 * MINUTE);
            world_remove(w, "/3303/1");
            break;
        }
    }
    expect_news(w);
    end();
}

/* ---- Sends ------------------------------------------------------------------------------------
 */

typedef struct history {
    unsigned count;
    bool has[64];
} history;

static bool see_value(void *ctx, const lw_row *row)
{
    history *h = ctx;
    double number;
    assert_true(lw_value_to_number(&row->as.value.value, &number));
    assert_true(number >= 0 && number < 64);
    h->has[(int)number] = true;
    h->count++;
    return true;
}

/* Design: acknowledged means stored, whatever happens to the server. */
RULE(what_was_acknowledged_of_a_send_is_in_the_store)
{
    bool acknowledged[64] = {false};
    unsigned count = 0;
    begin(w, (world_config){.lifetime = 3000});
    for (int i = 1; i < 50; i++) {
        world_until(w, lw_client_is_registered(w->device->client, 1), 6 * HOUR);
        lw_path path = lw_path_resource(3303, 0, 5700);
        world_set(w, "/3303/0/5700", lw_value_float(i));
        size_t events = w->device->event_count;
        if (lw_client_send(w->device->client, 1, &path, 1) != LW_OK) {
            continue; /* not registered now */
        }
        device_poke(w->device);
        if (i % 4 == 0) {
            near_->crash_at = world_now(w) + below(w, 60);
            near_->start_at = near_->crash_at + 5 * SECOND;
        }
        world_pass(w, 10 * MINUTE);
        for (size_t e = events; e < w->device->event_count; e++) {
            const lw_client_event *event = &w->device->events[e].event;
            acknowledged[i] |= event->kind == LW_CLIENT_SENT && event->err == LW_OK &&
                               event->code == LW_COAP_CHANGED;
        }
        count += acknowledged[i];
        if (near_->server == NULL) {
            near_server_start(near_);
        }
    }
    world_pass(w, 1 * MINUTE);
    history h = {.count = 0};
    lw_values_query all = {.endpoint = lw_bytes_str("dev1"),
                           .path = lw_path_resource(3303, 0, 5700),
                           .to = LW_TIME_NEVER,
                           .limit = 10000};
    assert_ok(near_->memory->ops->values(near_->memory, &all, see_value, &h));
    for (unsigned i = 0; i < 64; i++) {
        assert_true(!acknowledged[i] || h.has[i]);
    }
    assert_true(count >= 20);
    end();
}

/* ---- Sleep ------------------------------------------------------------------------------------
 */

static char presence[4096];

static void on_presence(void *ctx, const lw_server_event *event)
{
    (void)ctx;
    const char *mark = event->kind == LW_SERVER_AWAKE          ? "A"
                       : event->kind == LW_SERVER_ASLEEP       ? "z"
                       : event->kind == LW_SERVER_REGISTERED   ? "R"
                       : event->kind == LW_SERVER_DEREGISTERED ? "-"
                       : event->kind == LW_SERVER_EXPIRED      ? "-"
                                                               : "";
    assert_true(strlen(presence) < sizeof presence - 2);
    strcat(presence, mark);
}

/* Edge case 30: each sleep is ended by one AWAKE, or by the end of the registration. */
RULE(edge_30_sleep_and_wake_alternate_over_days)
{
    begin(w, (world_config){.lifetime = 3600, .queue_mode = true});
    strcpy(presence, "R");
    near_->on_event = on_presence;
    world_pass(w, 3 * DAY);
    unsigned sleeps = 0;
    for (size_t i = 1; presence[i] != '\0'; i++) {
        char before = presence[i - 1];
        switch (presence[i]) {
        case 'z':
            assert_true(before == 'R' || before == 'A');
            sleeps++;
            break;
        case 'A':
            assert_int_equal(before, 'z');
            break;
        case 'R':
            assert_int_equal(before, '-');
            break;
        default:
            assert_int_not_equal(before, '-');
            break;
        }
    }
    assert_true(sleeps >= 48);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(a_device_is_known_as_registered_over_days_of_crashes_and_new_addresses),
        RUNS(a_device_that_goes_silent_expires_and_comes_back),
        RUNS(an_object_that_appears_is_listed),
        RUNS(a_wish_is_kept_through_all_that_happens),
        RUNS(what_was_acknowledged_of_a_send_is_in_the_store),
        RUNS(edge_30_sleep_and_wake_alternate_over_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
