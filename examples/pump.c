/* An object of one's own. What it has stands in pump.xml; tools/gen_objects makes of it a
 * definition and the list of what a device keeps, app_declare.h. docs/client.md explains each part.
 *
 *   pump coap://HOST:PORT
 */
#include <inttypes.h>
#include <stdio.h>

#include "app_declare.h"
#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/posix.h"

LW_DECLARE_TYPE(pump, APP_PUMP)

#define TICK_MS ((lw_time)1000)

/* What the application knows besides: lw_client_cfg.app. */
typedef struct plant {
    lw_time counted_at; /* when the revolutions were last added up */
} plant;

/* ---- What the pump does -----------------------------------------------------------------------
 */

static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    pump_set_speed(tree, lw_path_id(instance, LW_LEVEL_INSTANCE), 1500);
}

/* 2 is not stored: it is measured when somebody asks. */
static lw_err read_pressure(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    const pump *p = lw_tree_struct(tree, path);
    (void)ctx;
    *out_value = lw_value_float(p->running ? p->speed * 0.002 : 0.0);
    return LW_OK;
}

static lw_err reset_revolutions(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    (void)arguments;
    return pump_set_revolutions(tree, lw_path_id(path, LW_LEVEL_INSTANCE), 0);
}

/* A server may write 0 and 1 in one request: only the outcome counts. */
static lw_err validate(void *ctx, lw_tree *tree, lw_path instance)
{
    const pump *p = lw_tree_struct(tree, instance);
    (void)ctx;
    return p->running && p->speed == 0 ? LW_EINVAL : LW_OK;
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    const pump *p = lw_tree_struct(tree, instance);
    plant *own = lw_client_app(lw_client_of_hook(ctx));
    if (now - own->counted_at >= TICK_MS) {
        int64_t turns = p->running ? p->speed * (now - own->counted_at) / 60000 : 0;
        own->counted_at = now;
        pump_set_revolutions(tree, lw_path_id(instance, LW_LEVEL_INSTANCE), p->revolutions + turns);
    }
    return lw_time_add(own->counted_at, TICK_MS);
}

static const lw_object_hooks hooks = {.defaults = defaults,
                                      .read = read_pressure,
                                      .execute = reset_revolutions,
                                      .validate = validate,
                                      .step = step};
LW_DECLARE_OBJECT(pump, app_object_32770_v1_0, APP_PUMP, 1, &hooks)

/* ---- The device -------------------------------------------------------------------------------
 */

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_minimal_object, &pump_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, &lw_format_text,
                                           NULL};
static const lw_client_feature *const features[] = {&lw_feature_blockwise, &lw_feature_observe,
                                                    NULL};

/* Running or speed changed: the pressure is another one, too. */
static void on_change(lw_client *client, lw_path path)
{
    lw_tree *tree = lw_client_tree(client);
    const pump *p = lw_tree_struct(tree, lw_path_instance(APP_OBJ_PUMP, 0));
    bool is_motor = lw_path_id(path, LW_LEVEL_OBJECT) == APP_OBJ_PUMP &&
                    lw_path_depth(path) >= LW_LEVEL_RESOURCE &&
                    lw_path_id(path, LW_LEVEL_RESOURCE) <= APP_RES_PUMP_SPEED;
    if (is_motor && p != NULL) {
        printf("motor %s, %" PRIu16 " turns a minute\n", p->running ? "on" : "off", p->speed);
        lw_tree_changed(tree, lw_path_resource(APP_OBJ_PUMP, 0, APP_RES_PUMP_PRESSURE));
    }
}

static void say_failure(const lw_client_event *event)
{
    if (event->code != 0) {
        printf("not registered: the server answered %d.%02d", event->code >> 5, event->code & 31);
    } else {
        printf("not registered: %s", lw_err_text(event->err));
    }
    puts(event->retry_at != LW_TIME_NEVER ? "; it will be tried again" : "; that was all");
}

static void on_event(lw_client *client, const lw_client_event *event)
{
    (void)client;
    if (event->kind == LW_CLIENT_REGISTERED) {
        printf("registered with server %" PRIu16 "\n", event->ssid);
    } else if (event->kind == LW_CLIENT_REGISTRATION_FAILED) {
        say_failure(event);
    }
}

static lw_err make_device(lw_client *client, const char *uri)
{
    lw_tree *tree = lw_client_tree(client);
    lw_client_account server = {
        .uri = uri, .ssid = 1, .lifetime = 300, .security = LW_SECURITY_NOSEC};
    lw_path path;
    lw_device_set_manufacturer(tree, 0, "Lapwing");
    lw_err err = lw_tree_add(tree, APP_OBJ_PUMP, 0, &path);
    if (err == LW_OK) {
        err = pump_set_label(tree, 0, "cellar");
    }
    return err == LW_OK ? lw_client_add_server(client, &server) : err;
}

int main(int argc, char **argv)
{
    static uint8_t memory[16 * 1024];
    static plant own;
    lw_posix *posix;
    lw_client *client;
    if (argc != 2 || lw_posix_new(&posix, &(lw_posix_cfg){0}) != LW_OK) {
        fprintf(stderr, "usage: pump coap://HOST:PORT\n");
        return 2;
    }
    lw_client_cfg cfg = {.endpoint = "pump-1",
                         .version = 11,
                         .objects = objects,
                         .formats = formats,
                         .features = features,
                         .platform = lw_posix_platform(posix),
                         .app = &own,
                         .on_event = on_event,
                         .on_change = on_change};
    setvbuf(stdout, NULL, _IOLBF, 0);
    own.counted_at = lw_posix_now();
    lw_err err = lw_client_init(&client, &cfg, memory, sizeof memory);
    if (err == LW_OK) {
        err = make_device(client, argv[1]);
    }
    if (err == LW_OK) {
        lw_client_start(client, lw_posix_now());
    }
    while (err == LW_OK) {
        err = lw_posix_wait(posix, client, LW_TIME_NEVER);
    }
    fprintf(stderr, "pump: %s\n", lw_err_text(err));
    return 1;
}
