/* Rules 41 and 42 of what real clients got wrong: reboot, factory reset, firmware. */
#include <stdlib.h>
#include <string.h>

#include "lw/firmware.h"
#include "world.h"

/* ---- A device with a slot for firmware --------------------------------------------------------
 */

static uint8_t image[8192];
static size_t image_len;
static unsigned opened, installed, discarded;
static lw_err confirmation;
static lw_updater updater;

static lw_err slot_open(void *ctx)
{
    (void)ctx;
    opened++;
    image_len = 0;
    return LW_OK;
}

static lw_err slot_write(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    assert_int_equal(offset, image_len);
    if (offset + octets.len > sizeof image) {
        return LW_ETOOBIG;
    }
    memcpy(image + offset, octets.ptr, octets.len);
    image_len += octets.len;
    return LW_OK;
}

static lw_err slot_finish(void *ctx)
{
    (void)ctx;
    return LW_OK;
}

static void slot_discard(void *ctx)
{
    (void)ctx;
    discarded++;
}

static lw_err slot_install(void *ctx)
{
    (void)ctx;
    installed++;
    return LW_AGAIN; /* with a restart */
}

static lw_err slot_confirm(void *ctx)
{
    (void)ctx;
    return confirmation;
}

static const lw_firmware_port port = {.package = {.open = slot_open,
                                                  .write = slot_write,
                                                  .finish = slot_finish,
                                                  .discard = slot_discard,
                                                  .fetch = &lw_fetch_coap},
                                      .install = slot_install,
                                      .confirm = slot_confirm};

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_object_1_1, &lw_firmware_object_1_0, NULL};
static const lw_client_feature *const features[] = {&lw_feature_blockwise, &lw_feature_create,
                                                    &lw_feature_observe, &lw_feature_persist, NULL};

static void set_up(world *w)
{
    assert_ok(lw_updater_start(&updater, lw_client_tree(w->device->client), &port, NULL));
}

static const world_config config = {.lifetime = 500000,
                                    .objects = objects,
                                    .features = features,
                                    .set_up = set_up,
                                    .dynamic = 8192};

static void begin(world *w)
{
    opened = installed = discarded = 0;
    image_len = 0;
    confirmation = LW_OK;
    world_begin(w, &config);
    world_until_registered(w, 1);
}

static int number_at(world *w, const char *target)
{
    far_ask read = {
        .code = LW_COAP_GET, .target = target, .observe = -1, .accept = 0, .format = -1};
    far_reply reply = world_ask(w, w->a, &read);
    assert_int_equal(reply.code, LW_COAP_CONTENT);
    return atoi(reply.body);
}

static void expect_state(world *w, int state, int result)
{
    assert_int_equal(number_at(w, "/5/0/3"), state);
    assert_int_equal(number_at(w, "/5/0/5"), result);
}

/* ---- 41: reboot and factory reset -------------------------------------------------------------
 */

RULE(rule_41_a_reboot_is_answered_before_it_happens)
{
    begin(w);
    far_reply reply;
    far_ask reboot = {
        .code = LW_COAP_POST, .target = "/3/0/4", .observe = -1, .accept = -1, .format = -1};
    far_server_ask(w->a, &reboot, &reply);
    world_until_or_anew(
        w, device_events(w->device, LW_CLIENT_REBOOT) > 0 || (reply.is_over && reply.err != LW_OK),
        10 * MINUTE);
    assert_true(reply.is_over || device_events(w->device, LW_CLIENT_REBOOT) == 0 || w->loss > 0);
    world_reboot(w, &config);
    world_until_registered(w, 1);
}

RULE(rule_41_after_a_reboot_the_device_is_known_again)
{
    begin(w);
    unsigned heard = (unsigned)w->a->request_count;
    world_reboot(w, &config);
    world_until(w, w->a->request_count > heard, 1 * HOUR);
    world_until_registered(w, 1);
    assert_true(w->a->registration.is_there);
}

RULE(rule_41_a_factory_reset_comes_back_with_what_the_device_left_the_factory_with)
{
    begin(w);
    assert_int_equal(world_write(w, w->a, "/1/0/1", "7777"), LW_COAP_CHANGED);
    world_until(w, w->a->registration.lifetime == 7777, 2 * HOUR);
    while (device_events(w->device, LW_CLIENT_FACTORY_RESET) == 0) {
        world_execute_blindly(w, w->a, "/3/0/5");
        world_pass(w, 100 * SECOND);
    }
    world_reboot(w, &config);
    world_until(w, w->a->registration.lifetime == 500000, 1 * DAY);
}

/* ---- 42: firmware -----------------------------------------------------------------------------
 */

static uint8_t push(world *w, lw_bytes package)
{
    far_ask write = {.code = LW_COAP_PUT,
                     .target = "/5/0/0",
                     .observe = -1,
                     .accept = -1,
                     .format = 42,
                     .body = package};
    return world_ask(w, w->a, &write).code;
}

static lw_bytes package_of(size_t len)
{
    static uint8_t octets[8192];
    for (size_t i = 0; i < len; i++) {
        octets[i] = (uint8_t)(i * 31u);
    }
    return lw_bytes_of(octets, len);
}

static void push_all(world *w, size_t len)
{
    lw_bytes package = package_of(len);
    /* 4.05: it arrived before, and the answer was lost. */
    uint8_t code = push(w, package);
    assert_true(code == LW_COAP_CHANGED || (w->loss > 0 && code == LW_COAP_METHOD_NOT_ALLOWED));
    assert_int_equal(image_len, len);
    assert_memory_equal(image, package.ptr, len);
    expect_state(w, 2, 0);
}

RULE(rule_42_a_nul_package_resets)
{
    begin(w);
    push_all(w, 3000);
    assert_int_equal(push(w, lw_bytes_of((const uint8_t *)"\0", 1)), LW_COAP_CHANGED);
    expect_state(w, 0, 0);
    assert_true(discarded >= 1);
}

RULE(rule_42_an_empty_uri_resets_and_fetches_nothing)
{
    begin(w);
    push_all(w, 3000);
    unsigned links =
        w->device->opened[0] + w->device->opened[1] + w->device->opened[2] + w->device->opened[3];
    assert_int_equal(world_write(w, w->a, "/5/0/1", ""), LW_COAP_CHANGED);
    expect_state(w, 0, 0);
    world_pass(w, 1 * MINUTE);
    assert_int_equal(links, w->device->opened[0] + w->device->opened[1] + w->device->opened[2] +
                                w->device->opened[3]);
}

RULE(rule_42_an_unknown_scheme_is_result_9)
{
    begin(w);
    (void)world_write(w, w->a, "/5/0/1", "gopher://a/fw");
    expect_state(w, 0, 9);
}

/* 4.05: it arrived before, and the answer was lost. */
static void pull(world *w, const char *uri)
{
    uint8_t code = world_write(w, w->a, "/5/0/1", uri);
    assert_true(code == LW_COAP_CHANGED || (w->loss > 0 && code == LW_COAP_METHOD_NOT_ALLOWED));
}

RULE(rule_42_downloading_begins_when_the_uri_arrives)
{
    begin(w);
    w->b->always = &far_silence;
    pull(w, "coap://b/fw");
    int state = number_at(w, "/5/0/3");
    assert_true(state == 1 || w->loss > 0); /* it may be over when the answer is here */
}

RULE(rule_42_a_download_that_is_not_answered_is_result_4)
{
    begin(w);
    w->b->is_off = true;
    pull(w, "coap://b/fw");
    world_pass(w, 10 * MINUTE);
    expect_state(w, 0, 4);
}

RULE(rule_42_a_package_too_large_is_result_2)
{
    begin(w);
    static uint8_t large[16000];
    uint8_t code = push(w, lw_bytes_of(large, sizeof large));
    if (w->loss > 0 && code == LW_COAP_REQUEST_ENTITY_INCOMPLETE) {
        return; /* the network tore it to pieces */
    }
    expect_state(w, 0, 2);
}

RULE(rule_42_state_and_result_outlive_the_restart_that_they_cause)
{
    begin(w);
    push_all(w, 3000);
    while (installed == 0) {
        world_execute_blindly(w, w->a, "/5/0/2");
        world_pass(w, 100 * SECOND);
    }
    assert_int_equal(installed, 1);
    world_reboot(w, &config);
    world_until_registered(w, 1);
    expect_state(w, 0, 1);
}

RULE(rule_42_a_package_outlives_a_restart_of_another_cause)
{
    begin(w);
    push_all(w, 3000);
    world_reboot(w, &config);
    world_until_registered(w, 1);
    expect_state(w, 2, 0);
}

RULE(rule_42_an_update_that_failed_is_result_8)
{
    begin(w);
    push_all(w, 3000);
    while (installed == 0) {
        world_execute_blindly(w, w->a, "/5/0/2");
        world_pass(w, 100 * SECOND);
    }
    confirmation = LW_EIO;
    world_reboot(w, &config);
    world_until_registered(w, 1);
    assert_int_equal(number_at(w, "/5/0/5"), 8);
}

RULE(rule_42_update_needs_a_package)
{
    begin(w);
    assert_int_equal(world_execute(w, w->a, "/5/0/2", NULL), LW_COAP_METHOD_NOT_ALLOWED);
    expect_state(w, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(rule_41_a_reboot_is_answered_before_it_happens),
        RUNS(rule_41_after_a_reboot_the_device_is_known_again),
        RUNS(rule_41_a_factory_reset_comes_back_with_what_the_device_left_the_factory_with),
        RUNS(rule_42_a_nul_package_resets),
        RUNS(rule_42_an_empty_uri_resets_and_fetches_nothing),
        RUNS(rule_42_an_unknown_scheme_is_result_9),
        RUNS(rule_42_downloading_begins_when_the_uri_arrives),
        RUNS(rule_42_a_download_that_is_not_answered_is_result_4),
        RUNS(rule_42_a_package_too_large_is_result_2),
        RUNS(rule_42_state_and_result_outlive_the_restart_that_they_cause),
        RUNS(rule_42_a_package_outlives_a_restart_of_another_cause),
        RUNS(rule_42_an_update_that_failed_is_result_8),
        RUNS(rule_42_update_needs_a_package),
    };
    cmocka_set_test_filter(getenv("LW_SIM_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
