#include "base/apart.h"
#include "client/feature.h"
#include "client/serve.h"
#include "client/server.h"
#include "coap/reply.h"
#include "codec/path_text.h"
#include "lw/objects.h"
#include "model/access.h"

#define DEFAULT_SERVERS      1
#define DEFAULT_OBSERVATIONS 8
#define DEFAULT_ATTRIBUTES   8
#define DEFAULT_PAYLOAD      1024
#define DEFAULT_DYNAMIC      2048

#define MAX_SEEN_PER_SERVER 8 /* message ids remembered: NSTART is 1, so more is for NON bursts */
#define MAX_QUEUED          8

#define COMPLAINT_MAX 80u

/* ---- Set-up -----------------------------------------------------------------------------------
 */

/* Those that every client has; the others are asked for by who has them. */
static void fill_in_defaults(lw_client_cfg *cfg)
{
    cfg->servers_max = cfg->servers_max != 0 ? cfg->servers_max : DEFAULT_SERVERS;
    cfg->observations_max =
        cfg->observations_max != 0 ? cfg->observations_max : DEFAULT_OBSERVATIONS;
    cfg->attributes_max = cfg->attributes_max != 0 ? cfg->attributes_max : DEFAULT_ATTRIBUTES;
    cfg->payload_max = cfg->payload_max != 0 ? cfg->payload_max : DEFAULT_PAYLOAD;
}

static size_t plug_size(const lw_client_cfg *cfg, const lw_client_feature *f)
{
    return sizeof(lw_plug) + (f->size != NULL ? f->size(cfg) : 0);
}

size_t lw_client_mem_needed(const lw_client_cfg *given)
{
    lw_client_cfg cfg = *given;
    if (!lw_objects_are_sound(cfg.objects)) {
        return 0;
    }
    fill_in_defaults(&cfg);
    size_t octets = cfg.dynamic != 0 ? cfg.dynamic : DEFAULT_DYNAMIC;
    octets += lw_pool_overhead() + lw_pool_cost(sizeof(lw_client));
    octets += lw_pool_cost(cfg.servers_max * sizeof(lw_server));
    octets += lw_pool_cost(LW_COAP_BUF_SIZE(cfg.payload_max));
    octets += lw_tree_mem_needed(cfg.objects);
    for (const lw_client_feature *const *f = cfg.features; f != NULL && *f != NULL; f++) {
        octets += lw_pool_cost(plug_size(&cfg, *f));
    }
    return octets;
}

/* Security, Server and Device. */
LW_APART static bool has_core_objects(const lw_object *const *objects)
{
    unsigned missing = 1u << LW_OBJ_SECURITY | 1u << LW_OBJ_SERVER | 1u << LW_OBJ_DEVICE;
    for (; *objects != NULL; objects++) {
        uint16_t id = (*objects)->def->id;
        if (id <= LW_OBJ_DEVICE) {
            missing &= ~(1u << id);
        }
    }
    return missing == 0;
}

static bool is_usable(const lw_client_cfg *cfg)
{
    bool version_known = cfg->version >= LW_VERSION_1_0 && cfg->version <= LW_VERSION_NEWEST;
    return cfg->endpoint != NULL && cfg->platform != NULL && cfg->platform->random != NULL &&
           cfg->platform->link_open != NULL && cfg->platform->link_close != NULL &&
           cfg->objects != NULL && cfg->formats != NULL && version_known &&
           has_core_objects(cfg->objects);
}

static void on_change(void *ctx, lw_tree_change change, lw_path path);
static const lw_coap_handler handler;

static lw_err init_coap(lw_client *client)
{
    size_t size = LW_COAP_BUF_SIZE(client->cfg.payload_max);
    lw_coap_config config = {
        .mem = client->pool->mem,
        .rng = {.fill = client->cfg.platform->random, .ctx = client->cfg.platform->ctx},
        .handler = &handler,
        .ctx = client,
        .limits = {.max_seen = (client->cfg.servers_max + 1u) * MAX_SEEN_PER_SERVER,
                   .max_seen_per_peer = MAX_SEEN_PER_SERVER,
                   .max_queued = MAX_QUEUED},
        .buf = lw_mem_alloc(&client->pool->mem, size),
        .buf_size = size,
    };
    return config.buf != NULL ? lw_coap_init(&client->coap, &config) : LW_ENOMEM;
}

void lw_client_add_peer(lw_client *client, lw_server *peer)
{
    peer->next = client->peers;
    client->peers = peer;
}

static lw_err init_servers(lw_client *client)
{
    unsigned count = client->cfg.servers_max;
    lw_server *servers = lw_mem_alloc(&client->pool->mem, count * sizeof *servers);
    if (servers == NULL) {
        return LW_ENOMEM;
    }
    for (unsigned i = count; i-- > 0;) {
        lw_server_init(client, &servers[i], i);
        lw_client_add_peer(client, &servers[i]);
    }
    client->servers = servers;
    return LW_OK;
}

static lw_err init_features(lw_client *client)
{
    lw_plug **end = &client->plugs;
    for (const lw_client_feature *const *f = client->cfg.features; f != NULL && *f != NULL; f++) {
        lw_plug *plug = lw_mem_alloc(&client->pool->mem, plug_size(&client->cfg, *f));
        if (plug == NULL) {
            return LW_ENOMEM;
        }
        plug->feature = *f;
        *end = plug;
        end = &plug->next;
        client->parts[(*f)->part] = plug;
        client->ops |= (*f)->ops;
        lw_err err = (*f)->init != NULL ? (*f)->init(client, plug->state) : LW_OK;
        if (err != LW_OK) {
            return err;
        }
    }
    return LW_OK;
}

/* The Device exists from the start (MDL-02); the other objects are the application's. */
static lw_err init_tree(lw_client *client)
{
    lw_path device;
    lw_err err = lw_tree_init(&client->tree, client->cfg.objects, &client->pool->mem, client);
    if (err == LW_OK) {
        err = lw_tree_add(&client->tree, LW_OBJ_DEVICE, 0, &device);
    }
    client->tree.on_change = on_change;
    return err;
}

lw_err lw_client_init(lw_client **out_client, const lw_client_cfg *cfg, void *memory, size_t len)
{
    *out_client = NULL;
    if (!is_usable(cfg)) {
        return LW_EINVAL;
    }
    lw_pool *pool = lw_pool_init(memory, len);
    lw_client *client = pool != NULL ? lw_mem_alloc(&pool->mem, sizeof *client) : NULL;
    if (client == NULL) {
        return LW_ENOMEM;
    }
    client->cfg = *cfg;
    fill_in_defaults(&client->cfg);
    client->pool = pool;
    lw_err err = init_coap(client);
    if (err == LW_OK) {
        err = init_servers(client);
    }
    if (err == LW_OK) {
        err = init_tree(client);
    }
    if (err == LW_OK) {
        err = init_features(client);
    }
    *out_client = err == LW_OK ? client : NULL;
    return err;
}

lw_server *lw_client_peer(lw_client *client, unsigned link)
{
    lw_server *peer = client->peers;
    while (peer != NULL && peer->link != link) {
        peer = peer->next;
    }
    return peer;
}

void lw_client_fini(lw_client *client)
{
    for (lw_server *peer = client->peers; peer != NULL; peer = peer->next) {
        lw_server_close_link(peer);
    }
    lw_wipe(client->pool, client->pool->size); /* with everything that is in it */
}

/* ---- Between the rooms ------------------------------------------------------------------------
 */

void *lw_client_feature_state(const lw_client *client, const lw_client_feature *feature)
{
    LW_EACH_PLUG (client, plug) {
        if (plug->feature == feature) {
            return plug->state;
        }
    }
    return NULL;
}

static void log_line(const lw_client *client, lw_log_level level, const char *module, lw_bytes line)
{
    const lw_platform *platform = client->cfg.platform;
    if (platform->log != NULL) {
        platform->log(platform->ctx, (int)level, module, line);
    }
}

void lw_client_log(const lw_client *client, lw_log_level level, const char *module,
                   const char *text)
{
    log_line(client, level, module, lw_bytes_str(text));
}

void lw_client_complain(const lw_client *client, const char *module, const char *what, lw_err err)
{
    uint8_t line[COMPLAINT_MAX];
    lw_writer w;
    lw_writer_init(&w, line, sizeof line);
    lw_write_str(&w, what);
    lw_write_str(&w, ", lw_err ");
    lw_write_id(&w, (uint16_t)err);
    log_line(client, LW_LOG_WARN, module, lw_writer_bytes(&w));
}

void lw_client_tell(lw_client *client, const lw_client_event *event)
{
    if (client->cfg.on_event != NULL) {
        client->cfg.on_event(client, event);
    }
}

LW_APART void lw_client_tell_that(lw_client *client, lw_client_event_kind kind)
{
    lw_client_event event = {.kind = (uint8_t)kind, .retry_at = LW_TIME_NEVER};
    lw_client_tell(client, &event);
}

lw_err lw_client_reach(lw_client *client, lw_client_moment moment)
{
    lw_err first = LW_OK;
    LW_EACH_PLUG (client, plug) {
        if (plug->feature->on_moment != NULL) {
            lw_err err = plug->feature->on_moment(plug->state, client, moment);
            first = first == LW_OK ? err : first;
        }
    }
    return first;
}

void lw_client_state_changed(lw_client *client)
{
    (void)lw_client_reach(client, LW_MOMENT_CHANGED); /* there is nobody to refuse it to */
}

void lw_client_dispatch(lw_server *server, lw_server_event event)
{
    LW_EACH_PLUG (server->client, plug) {
        if (plug->feature->on_server != NULL) {
            plug->feature->on_server(plug->state, server, event);
        }
    }
}

lw_err lw_client_begin_bootstrap(lw_client *client)
{
    lw_plug *plug = lw_client_part(client, LW_PART_BOOTSTRAP);
    return plug != NULL ? plug->feature->as.bootstrap.begin(plug->state) : LW_ESTATE;
}

/* What a change means for registrations (REG-31, REG-34, DM-76, DM-83), and for links (BS-52). */
static void watch_registrations(lw_client *client, lw_tree_change change, lw_path path)
{
    uint16_t object = lw_path_id(path, LW_LEVEL_OBJECT);
    uint16_t instance = lw_path_id(path, LW_LEVEL_INSTANCE);
    uint16_t resource = lw_path_id(path, LW_LEVEL_RESOURCE);
    unsigned of_all = 0, of_its_own = 0;
    if (change != LW_TREE_VALUE) {
        of_all = lw_access_is_bootstrap_only(object) ? 0 : LW_UPDATE_OBJECTS;
    } else if (object == LW_OBJ_DEVICE) {
        of_all = resource == LW_RES_DEVICE_SUPPORTED_BINDING_AND_MODES ? LW_UPDATE_BINDING : 0;
    } else if (object == LW_OBJ_SERVER) {
        of_its_own = resource == LW_RES_SERVER_BINDING    ? LW_UPDATE_BINDING
                     : resource == LW_RES_SERVER_LIFETIME ? LW_UPDATE_LIFETIME
                                                          : 0;
    }
    if (object <= LW_OBJ_SERVER) {
        client->accounts_dirty = true;
    }
    LW_EACH_SERVER (client, s) {
        unsigned reasons = instance == s->account ? of_all | of_its_own : of_all;
        if (reasons != 0) {
            lw_server_want_update(s, (uint8_t)reasons);
        }
        if (object == LW_OBJ_SECURITY && instance == s->security) {
            s->moved = true;
        }
    }
}

static void on_change(void *ctx, lw_tree_change change, lw_path path)
{
    lw_client *client = ctx;
    watch_registrations(client, change, path);
    LW_EACH_PLUG (client, plug) {
        if (plug->feature->on_change != NULL) {
            plug->feature->on_change(plug->state, client, change, path);
        }
    }
    if (client->cfg.on_change != NULL) {
        client->cfg.on_change(client, path);
    }
}

/* ---- The endpoint's side ----------------------------------------------------------------------
 */

static lw_server *server_of(lw_coap_peer *peer)
{
    return LW_CONTAINER(peer, lw_server, peer);
}

static void send_out(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    lw_client *client = ctx;
    lw_server *server = server_of(peer);
    if (server->link_state != LW_OK) {
        return;
    }
    lw_server_is_active(server);
    if (!lw_outbox_put(&client->outbox, &client->pool->mem, server->link, message)) {
        lw_client_log(client, LW_LOG_WARN, "client", "no room for a message");
    }
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    return lw_serve(ctx, server_of(in->peer), in, reply);
}

static void on_reset(void *ctx, lw_coap_peer *peer, uint16_t mid)
{
    lw_plug *plug = lw_client_part(ctx, LW_PART_OBSERVE);
    if (plug != NULL) {
        plug->feature->as.observe.on_reset(plug->state, server_of(peer), mid);
    }
}

static const lw_coap_handler handler = {
    .send = send_out, .on_request = on_request, .on_reset = on_reset};

/* ---- Running ----------------------------------------------------------------------------------
 */

void lw_client_start(lw_client *client, lw_time now)
{
    client->now = now;
    client->has_factory_data = lw_tree_count(&client->tree, lw_path_object(LW_OBJ_SECURITY)) > 0;
    (void)lw_client_reach(client, LW_MOMENT_LOAD); /* the features say what is wrong */
    lw_client_accounts_changed(client);            /* places them; they start below */
    client->started = true;
    (void)lw_client_reach(client, LW_MOMENT_ACCOUNTS);
    (void)lw_client_reach(client, LW_MOMENT_RESUME);
    lw_schedule_begin(client);
}

void lw_client_stop(lw_client *client, lw_time now)
{
    client->now = now;
    client->stopping = true;
    LW_EACH_SERVER (client, s) {
        lw_server_leave(s, false);
    }
    (void)lw_client_reach(client, LW_MOMENT_STOP);
}

bool lw_client_is_stopped(const lw_client *client)
{
    LW_EACH_SERVER (client, s) {
        if (s->state != LW_SERVER_IDLE) {
            return false;
        }
    }
    return client->stopping;
}

lw_time lw_client_step(lw_client *client, lw_time now)
{
    client->now = now;
    lw_coap_step(&client->coap, now); /* first: what ends here may change when objects are due */
    if (client->accounts_dirty && !client->bootstrapping) {
        lw_client_accounts_changed(client);
    }
    lw_time objects = lw_tree_step(&client->tree, now);
    lw_time engine = lw_coap_next_deadline(&client->coap);
    return objects < engine ? objects : engine;
}

bool lw_client_poll(lw_client *client, lw_client_out *out)
{
    return lw_outbox_take(&client->outbox, &client->pool->mem, out);
}

void lw_client_feed(lw_client *client, lw_time now, uint8_t link, lw_bytes datagram)
{
    lw_server *server = lw_client_peer(client, link);
    client->now = now;
    if (server != NULL && server->link_state == LW_OK) {
        lw_server_is_active(server);
        lw_coap_feed(&client->coap, &server->peer, now, datagram);
    }
}

/* A link is up (LW_OK), or down and why. */
static void take_news_of_link(lw_client *client, uint8_t link, lw_err err)
{
    lw_server *server = lw_client_peer(client, link);
    if (server != NULL && server->link_state <= LW_AGAIN) {
        server->link_state = (uint8_t)err;
        server->on_link(server, err);
    }
}

void lw_client_link_up(lw_client *client, lw_time now, uint8_t link)
{
    client->now = now;
    take_news_of_link(client, link, LW_OK);
}

void lw_client_link_down(lw_client *client, lw_time now, uint8_t link, lw_err why)
{
    client->now = now;
    take_news_of_link(client, link, why);
}

void lw_client_address_changed(lw_client *client, lw_time now)
{
    client->now = now;
    LW_EACH_SERVER (client, s) {
        lw_server_register_anew(s);
    }
}

/* ---- For the application ----------------------------------------------------------------------
 */

lw_tree *lw_client_tree(lw_client *client)
{
    return &client->tree;
}

void *lw_client_app(const lw_client *client)
{
    return client->cfg.app;
}

bool lw_client_is_registered(const lw_client *client, uint16_t ssid)
{
    LW_EACH_SERVER (client, s) {
        if (s->registered && (ssid == 0 || s->ssid == ssid)) {
            return true;
        }
    }
    return false;
}

lw_err lw_client_update(lw_client *client, uint16_t ssid)
{
    lw_err err = LW_ENOTFOUND;
    LW_EACH_SERVER (client, s) {
        if (s->ssid == 0 || (ssid != 0 && s->ssid != ssid)) {
            continue;
        }
        bool heard = lw_server_hurry(s);
        err = heard || err == LW_OK ? LW_OK : LW_ESTATE;
    }
    return err;
}

lw_err lw_client_bootstrap(lw_client *client)
{
    return lw_client_begin_bootstrap(client);
}

size_t lw_client_mem_used(const lw_client *client, size_t *out_peak)
{
    if (out_peak != NULL) {
        *out_peak = client->pool->used_peak;
    }
    return client->pool->used;
}
