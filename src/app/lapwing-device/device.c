#include "app/lapwing-device/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lapwing-device/configs.h"
#include "app/lapwing-device/events.h"
#include "app/lapwing-device/machine.h"
#include "app/lapwing-device/values.h"
#include "lw/objects.h"

#define TICK_MS          ((lw_time)1000)
#define FACTORY_LINE_MAX 1023

static const lw_format *const formats[] = {&lw_format_senml_cbor,
                                           &lw_format_senml_json,
                                           &lw_format_tlv,
                                           &lw_format_json,
                                           &lw_format_lwm2m_cbor,
                                           &lw_format_cbor,
                                           &lw_format_text,
                                           &lw_format_opaque,
                                           &lw_format_etch_cbor,
                                           &lw_format_etch_json,
                                           NULL};

/* The first is left out without --state-dir: nothing outlives the process then. */
static const lw_client_feature *const features[] = {
    &lw_feature_persist,        &lw_feature_blockwise,
    &lw_feature_create,         &lw_feature_access,
    &lw_feature_observe,        &lw_feature_observe_1_2,
    &lw_feature_thresholds,     &lw_feature_store,
    &lw_feature_composite,      &lw_feature_depth,
    &lw_feature_send,           &lw_feature_bootstrap,
    &lw_feature_bootstrap_pack, NULL};

/* The first Update after a start is a registration that was resumed: for people, and scripts that
 * wait for it, the device is registered all the same. */
static bool is_resumed(device *d, const lw_client_event *event)
{
    bool is_told = false;
    for (unsigned i = 0; i < OPTIONS_SERVERS_MAX && !is_told; i++) {
        is_told = d->told[i] == event->ssid;
        if (d->told[i] == 0) {
            d->told[i] = event->ssid;
            return event->kind == LW_CLIENT_UPDATED;
        }
    }
    return false;
}

static void on_event(lw_client *client, const lw_client_event *given)
{
    device *d = lw_client_app(client);
    lw_client_event event = *given;
    bool is_up = event.kind == LW_CLIENT_REGISTERED || event.kind == LW_CLIENT_UPDATED;
    if (is_up && is_resumed(d, given)) {
        event.kind = LW_CLIENT_REGISTERED;
    }
    event_report(d->report, client, &event, d->options->endpoint, lw_posix_now());
    if (event.kind == LW_CLIENT_REBOOT || event.kind == LW_CLIENT_FACTORY_RESET) {
        d->wants_restart = true;
    }
}

/* ---- Set-up -----------------------------------------------------------------------------------
 */

static lw_err failed(lw_err err, const char *what, const char *why)
{
    fprintf(stderr, "lapwing-device: %s: %s\n", what, why);
    return err;
}

static lw_err add_servers(device *d)
{
    const options *o = d->options;
    uint16_t ssid = 1;
    for (unsigned i = 0; i < o->uri_count; i++) {
        bool is_bootstrap = o->bootstrap && i == 0;
        lw_client_account account = {
            .uri = o->uris[i],
            .bootstrap = is_bootstrap,
            .ssid = is_bootstrap ? 0 : ssid++,
            .lifetime = o->lifetime != 0 ? o->lifetime : LIFETIME_DEFAULT,
            .security = o->security,
            .identity = lw_bytes_of(o->identity.octets, o->identity.len),
            .secret = lw_bytes_of(o->secret.octets, o->secret.len),
            .server_key = lw_bytes_of(o->server_key.octets, o->server_key.len),
        };
        lw_err err = lw_client_add_server(d->client, &account);
        if (err != LW_OK) {
            return err;
        }
    }
    return LW_OK;
}

/* In each Server object; what the enabler (1.0) does not have is left alone. */
static void set_in_servers(lw_tree *tree, uint16_t resource, lw_value value)
{
    for (uint16_t i = 0; i < OPTIONS_SERVERS_MAX; i++) {
        lw_path at = lw_path_instance(LW_OBJ_SERVER, i);
        if (lw_tree_struct(tree, at) != NULL) {
            lw_tree_set(tree, lw_path_child(at, resource), value);
        }
    }
}

/* Lines of "PATH VALUE"; empty ones and those that start with # say nothing. */
static lw_err take_line(lw_tree *tree, char *line)
{
    size_t len = strcspn(line, "\n");
    if (line[len] == '\0' && len == FACTORY_LINE_MAX) {
        return LW_ETOOBIG;
    }
    line[strcspn(line, "\r\n")] = '\0';
    bool says_nothing = line[strspn(line, " \t")] == '\0' || line[0] == '#';
    return says_nothing ? LW_OK : value_assign_line(tree, line);
}

static lw_err read_factory(device *d)
{
    char line[FACTORY_LINE_MAX + 1], where[1100];
    const char *name = d->options->factory;
    FILE *file = fopen(name, "re");
    lw_err err = LW_OK;
    unsigned number = 0;
    while (file != NULL && err == LW_OK && fgets(line, sizeof line, file) != NULL) {
        number++;
        err = take_line(lw_client_tree(d->client), line);
    }
    snprintf(where, sizeof where, "--factory %s", name);
    if (file == NULL || ferror(file)) {
        err = failed(LW_EINVAL, where, strerror(errno));
    } else if (err != LW_OK) {
        snprintf(where, sizeof where, "--factory %s, line %u", name, number);
        err = failed(LW_EINVAL, where, lw_err_text(err));
    }
    if (file != NULL) {
        fclose(file);
    }
    return err;
}

static lw_err apply_config(device *d)
{
    const char *line = "";
    lw_err err = config_apply(d->options->config, lw_client_tree(d->client), &line);
    if (err != LW_OK) {
        char where[160];
        snprintf(where, sizeof where, "--config %s, %s", d->options->config, line);
        return failed(LW_EINVAL, where, lw_err_text(err));
    }
    if (d->options->lifetime != 0) {
        set_in_servers(lw_client_tree(d->client), LW_RES_SERVER_LIFETIME,
                       lw_value_integer(d->options->lifetime));
    }
    return LW_OK;
}

/* The machine and its sensors, then what the command line puts in their place. */
static lw_err fill_objects(device *d)
{
    lw_tree *tree = lw_client_tree(d->client);
    machine_describe(tree, d->firmware.version);
    lw_err err = sensors_start(&d->sensors, tree, d->options->endpoint);
    if (err == LW_OK) {
        err = firmware_start(&d->firmware, d->client);
    }
    if (err == LW_OK) {
        err = add_servers(d);
    }
    if (err != LW_OK) {
        return failed(err, "could not make the objects", lw_err_text(err));
    }
    set_in_servers(tree, LW_RES_SERVER_MUTE_SEND, lw_value_boolean(false)); /* absent is muted */
    machine_measure(tree);
    err = d->options->config != NULL ? apply_config(d) : LW_OK;
    return err == LW_OK && d->options->factory != NULL ? read_factory(d) : err;
}

lw_err device_open(device *d, const options *o, const report *r, lw_posix *posix)
{
    *d = (device){.options = o, .report = r, .posix = posix};
    objects_list(o->version, o->config != NULL ? config_modem(o->config) : MODEM_NONE, d->objects);
    d->cfg = (lw_client_cfg){
        .endpoint = o->endpoint,
        .version = o->version,
        .queue_mode = o->queue,
        .objects = d->objects,
        .formats = formats,
        .features = o->state_dir != NULL ? features : features + 1,
        .platform = lw_posix_platform(posix),
        .app = d,
        .on_event = on_event,
        .servers_max = OPTIONS_SERVERS_MAX,
        .observations_max = 64,
        .attributes_max = 64,
        .stored_max = 256,
        .body_max = 16384,
        .dynamic = 256 * 1024,
    };
    size_t size = lw_client_mem_needed(&d->cfg);
    d->memory = malloc(size);
    lw_err err =
        d->memory != NULL ? lw_client_init(&d->client, &d->cfg, d->memory, size) : LW_ENOMEM;
    if (err != LW_OK) {
        return failed(err, "could not make the client", lw_err_text(err));
    }
    firmware_load(&d->firmware, d->cfg.platform, LAPWING_VERSION);
    return fill_objects(d);
}

void device_close(device *d)
{
    if (d->client != NULL) {
        lw_client_fini(d->client);
    }
    free(d->memory);
    d->client = NULL;
    d->memory = NULL;
}

/* ---- Running ----------------------------------------------------------------------------------
 */

static bool has_account(lw_tree *tree, const char *uri)
{
    for (uint16_t i = 0; i <= OPTIONS_SERVERS_MAX; i++) {
        lw_path at = lw_path_resource(LW_OBJ_SECURITY, i, LW_RES_SECURITY_SERVER_URI);
        if (lw_bytes_is(lw_tree_octets(tree, at), uri)) {
            return true;
        }
    }
    return false;
}

/* What servers or a bootstrap configured comes before the command line, which is factory data. */
static void tell_unused(const device *d)
{
    const options *o = d->options;
    for (unsigned i = 0; i < o->uri_count; i++) {
        if (!has_account(lw_client_tree(d->client), o->uris[i])) {
            report_say(d->report, "unused", "-u %s is not used: the accounts kept in %s are",
                       o->uris[i], o->state_dir);
        }
    }
}

void device_start(device *d)
{
    lw_time now = lw_posix_now();
    d->next_tick = now + TICK_MS;
    lw_client_start(d->client, now);
    tell_unused(d);
}

/* Values of a configuration stay as they are; the machine's own follow the machine. */
static void tick(device *d, lw_time now)
{
    lw_tree *tree = lw_client_tree(d->client);
    d->next_tick = now + TICK_MS;
    if (d->options->config != NULL) {
        return;
    }
    sensors_move(&d->sensors, tree);
    if (machine_measure(tree) && d->options->security == LW_SECURITY_NOSEC) {
        lw_client_address_changed(d->client, now);
    }
}

lw_err device_run(device *d)
{
    lw_err err = lw_posix_wait(d->posix, d->client, d->next_tick);
    if (err != LW_OK) {
        return failed(err, "could not wait for the network", strerror(errno));
    }
    lw_time now = lw_posix_now();
    if (now >= d->next_tick) {
        tick(d, now);
    }
    d->wants_restart = d->wants_restart || d->firmware.wants_restart;
    return LW_OK;
}

void device_stop(device *d, lw_time patience)
{
    lw_time until = lw_posix_now() + patience;
    lw_client_stop(d->client, lw_posix_now());
    lw_err err = LW_OK;
    while (err == LW_OK && !lw_client_is_stopped(d->client) && lw_posix_now() < until) {
        err = lw_posix_wait(d->posix, d->client, until);
    }
}
