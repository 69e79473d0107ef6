/* State over power loss, in two records of the platform.
 *
 *   "config"   what servers and the bootstrap configured: accounts, rights, the instances that
 *              servers made, resources that they may write; and when an account is purged
 *   "state"    registrations, and with them attributes, observations and what these store
 *
 * A record is  'L' 'W' kind version | digest | body:  the kind is 'c' or 's', the digest FNV-1a of
 * the body, four octets, big endian.
 *
 *   config        entry*, entry of the root, octets of lw_feature_bootstrap
 *   entry         as in snapshot.c: a value, an empty list, or an instance, which its values follow
 *   state         digest of the config body, registration*, 0, observations (observe_state.c)
 *   registration  length, octets of lw_server_memory up to the end of the location: who changes it
 *                 raises the version
 *
 * What always holds:
 *
 *   1. A power cut leaves the old or the new configuration: it is one record, and the platform
 *      writes a record as a whole or not at all.
 *   2. A state is only used together with the configuration that it was written with: it names its
 *      digest. Else the device registers anew, which repairs everything.
 *   3. A registration is only resumed when the wall clock says that its lifetime is not over.
 *   4. A record with another version, a wrong digest or a torn end is as good as none. Values of a
 *      sound record that this firmware no longer has room for are left out.
 *   5. Factory data are what the application sets up before lw_client_start; a configuration
 *      replaces them (CLI-02), and they are what is left when it is erased (CLI-71). Nothing is
 *      stored as long as nothing differs from them.
 *   6. While a bootstrap runs, only its commit stores (CLI-03).
 *
 * Changes are stored with the next step, all of a step at once; a record that would be the same is
 * not written. One record at a time is in memory, for the moment of its writing. Instances that
 * only the device makes are in the record too, without values: when one is gone or new after the
 * restart, the server would not know, and the state does not fit (2).
 */
#include "base/reader.h"
#include "client/observe.h"
#include "client/server.h"
#include "client/snapshot.h"
#include "lw/objects.h"
#include "model/access.h"
#include "model/field.h"

#define VERSION 4
#define HEADER  8u
#define RETRY   60u  /* s */
#define SESSION 1u   /* s */
#define MID_GAP 256u /* message ids that may have been used since the state was stored */

typedef enum kind { CONFIG, STATE } kind;
static const char *const names[] = {"config", "state"};

typedef struct room {
    lw_client *client;
    lw_alarm alarm;     /* stores what is due */
    uint32_t digest[2]; /* of what storage holds */
    bool due[2];
} room;

/* ---- What is kept -----------------------------------------------------------------------------
 */

/* Of objects whose instances are the device's own, only what servers write. */
static bool is_kept(const lw_place *at)
{
    return at->field != NULL && lw_field_is_stored(at->field) &&
           (lw_object_is_configured(at->object) || (at->def->ops & LW_OP_W) != 0);
}

/* ---- Writing records --------------------------------------------------------------------------
 */

static void write_config(lw_client *client, lw_writer *w)
{
    lw_tree *tree = &client->tree;
    lw_path at = lw_path_root();
    while (lw_tree_walk(tree, &at, LW_LEVEL_ROOT, LW_LEVEL_RESOURCE_INSTANCE)) {
        lw_entry e = {.kind = LW_ENTRY_EMPTY, .path = at};
        lw_place place;
        if (lw_tree_find(tree, at, &place) == LW_LEVEL_INSTANCE ||
            (is_kept(&place) && lw_entry_at(&place, &e))) {
            lw_entry_write(w, &e);
        }
    }
    lw_entry_write(w, &(lw_entry){.path = lw_path_root()});
    LW_EACH_PART (client, i, LW_PART_BOOTSTRAP) {
        client->cfg.features[i]->as.bootstrap.save(client->feature_state[i], w);
    }
}

static uint32_t digest_of_config(lw_client *client)
{
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    write_config(client, &w);
    return w.digest;
}

#define REGISTRATION_HEAD offsetof(lw_server_memory, location.octets)

static void write_registration(const lw_server *s, int64_t clock, lw_writer *w)
{
    int64_t left = (s->expires - s->client->now) / LW_SECOND_MS;
    lw_server_memory m;
    memset(&m, 0, sizeof m); /* between the members, too */
    m.expires = s->expires == LW_TIME_NEVER ? LW_TIME_NEVER : clock + left;
    m.lifetime = s->lifetime;
    m.own_address = s->own_address;
    m.ssid = s->ssid;
    m.next_mid = (uint16_t)(s->peer.next_mid + MID_GAP);
    m.version = s->version;
    m.location = s->location;
    lw_write_u8(w, (uint8_t)(REGISTRATION_HEAD + m.location.len));
    lw_write_octets(w, &m, REGISTRATION_HEAD + m.location.len);
}

static void write_state(lw_client *client, lw_writer *w)
{
    int64_t clock = lw_client_clock(client);
    bool any = false;
    lw_write_u32(w, digest_of_config(client));
    for (unsigned i = 0; clock >= 0 && i < client->cfg.servers_max; i++) {
        const lw_server *s = &client->servers[i];
        if (s->registered && client->now < s->expires) {
            any = true;
            write_registration(s, clock, w);
        }
    }
    lw_write_u8(w, 0);
    lw_err err = any ? lw_observing_save(NULL, client, w) : LW_OK;
    if (err != LW_OK && err != LW_ENOTFOUND) {
        lw_writer_fail(w, err);
    }
}

static void write_body(lw_client *client, kind which, lw_writer *w)
{
    if (which == CONFIG) {
        write_config(client, w);
    } else {
        write_state(client, w);
    }
}

static void write_head(lw_writer *w, kind which, uint32_t digest)
{
    lw_write_str(w, "LW");
    lw_write_u8(w, (uint8_t)names[which][0]);
    lw_write_u8(w, VERSION);
    lw_write_u32(w, digest);
}

/* Writes the record unless storage holds it already. */
static lw_err store(room *r, kind which)
{
    lw_client *client = r->client;
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    write_body(client, which, &w);
    uint32_t digest = w.digest;
    if (w.err != LW_OK || digest == r->digest[which]) {
        return w.err;
    }
    size_t len = HEADER + w.pos;
    uint8_t *record = lw_mem_alloc(&client->mem, len);
    if (record == NULL) {
        return LW_ENOMEM;
    }
    lw_writer_init(&w, record, len);
    write_head(&w, which, digest);
    write_body(client, which, &w);
    lw_err err = w.err == LW_OK ? lw_act_store(client, names[which], lw_writer_bytes(&w)) : w.err;
    if (err == LW_OK) {
        r->digest[which] = digest;
    }
    lw_wipe(record, len);
    lw_mem_release(&client->mem, record);
    return err;
}

/* ---- Reading records --------------------------------------------------------------------------
 */

#define NOT_STORED "what changed last is not stored"

static void say(const room *r, const char *text)
{
    lw_client_log(r->client, LW_LOG_WARN, "persist", text);
}

static bool is_sound(lw_bytes record, kind which, uint32_t *out_digest)
{
    uint8_t head[HEADER];
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    lw_write_bytes(&w, lw_bytes_from(record, HEADER));
    uint32_t digest = w.digest;
    lw_writer_init(&w, head, sizeof head);
    write_head(&w, which, digest);
    if (record.len < HEADER || memcmp(record.ptr, head, sizeof head) != 0) {
        return false;
    }
    *out_digest = digest;
    return true;
}

/* The whole record, in memory of the client; NULL when there is none that is sound. */
static uint8_t *load_record(room *r, kind which, lw_bytes *out)
{
    lw_client *client = r->client;
    const char *name = names[which];
    size_t len = 0;
    uint8_t nowhere; /* a platform may copy no octets, but not to NULL */
    lw_err err = lw_act_load(client, name, &nowhere, 0, &len);
    if (err == LW_ENOTFOUND) {
        return NULL;
    }
    size_t room_for = len;
    uint8_t *record = err == LW_OK ? lw_mem_alloc(&client->mem, room_for) : NULL;
    if (err == LW_OK) {
        err = record != NULL ? lw_act_load(client, name, record, room_for, &len) : LW_ENOMEM;
    }
    *out = lw_bytes_of(record, room_for);
    if (err == LW_OK && len == room_for && is_sound(*out, which, &r->digest[which])) {
        return record;
    }
    if (err != LW_OK) {
        lw_client_complain(client, "persist", "a record cannot be read", err);
    } else {
        say(r, "a record that is torn or of another version is ignored");
    }
    lw_mem_release(&client->mem, record);
    return NULL;
}

/* An instance that comes from the record: absent, or empty where it must be there, is what has no
 * value there, whatever the defaults say. */
static lw_err make_instance(lw_tree *tree, lw_path instance)
{
    const lw_object *object = lw_tree_object(tree, instance);
    if (object == NULL || !lw_object_is_configured(object)) {
        return LW_OK;
    }
    lw_err err =
        lw_tree_add(tree, object->def->id, lw_path_id(instance, LW_LEVEL_INSTANCE), &instance);
    for (unsigned i = 0; i < object->field_count && err == LW_OK; i++) {
        lw_path resource = lw_path_child(instance, object->fields[i].id);
        if (lw_tree_unset(tree, resource) == LW_EMETHOD && object->fields[i].count > 0) {
            err = lw_tree_empty(tree, resource);
        }
    }
    return err;
}

static lw_err read_entry(lw_tree *tree, const lw_entry *e)
{
    if (lw_path_depth(e->path) == LW_LEVEL_INSTANCE) {
        return make_instance(tree, e->path);
    }
    if (!lw_tree_exists(tree, lw_path_cut(e->path, LW_LEVEL_INSTANCE))) {
        return LW_OK; /* of an instance that this firmware does not have */
    }
    return e->kind == LW_ENTRY_EMPTY ? lw_tree_empty(tree, e->path)
                                     : lw_tree_set(tree, e->path, e->value);
}

static void read_entries(room *r, lw_reader *in)
{
    lw_entry e;
    for (lw_entry_read(in, &e); in->err == LW_OK && lw_path_depth(e.path) > LW_LEVEL_ROOT;
         lw_entry_read(in, &e)) {
        if (read_entry(&r->client->tree, &e) != LW_OK) {
            say(r, "what there is no room for any more is left out");
        }
    }
}

static void remove_replaced(lw_tree *tree)
{
    lw_path at = lw_path_root();
    while (lw_tree_next(tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        if (lw_object_is_configured(lw_tree_object(tree, at)) &&
            lw_tree_remove(tree, at) != LW_OK) {
            return; /* cannot be: outside of a transaction it takes no memory */
        }
    }
}

static void read_config(room *r, lw_reader *in)
{
    lw_client *client = r->client;
    remove_replaced(&client->tree);
    read_entries(r, in);
    LW_EACH_PART (client, i, LW_PART_BOOTSTRAP) {
        client->cfg.features[i]->as.bootstrap.restore(client->feature_state[i], in);
    }
}

/* True when the registration is resumed. */
static bool read_registration(room *r, lw_bytes octets)
{
    lw_client *client = r->client;
    lw_server_memory m = {.expires = 0};
    if (octets.len < REGISTRATION_HEAD || octets.len > sizeof m) {
        return false;
    }
    memcpy(&m, octets.ptr, octets.len);
    lw_server *server = lw_client_server(client, m.ssid);
    int64_t left = m.expires - lw_client_clock(client);
    bool is_for_ever = m.expires == LW_TIME_NEVER;
    bool is_live = is_for_ever || (left > 0 && left <= (int64_t)m.lifetime);
    if (server == NULL || !is_live || lw_client_clock(client) < 0) {
        return false;
    }
    m.expires = is_for_ever ? LW_TIME_NEVER : lw_time_add(client->now, left * LW_SECOND_MS);
    lw_server_remember(server, &m);
    return true;
}

static void read_state(room *r, lw_reader *in)
{
    lw_client *client = r->client;
    bool fits = lw_read_u32(in) == digest_of_config(client); /* (2) */
    bool any = false;
    for (unsigned len = lw_read_u8(in); fits && len > 0; len = lw_read_u8(in)) {
        any = read_registration(r, lw_read_bytes(in, len)) || any;
    }
    if (any && lw_observing_restore(NULL, client, lw_read_rest(in)) != LW_OK) {
        say(r, "observations are ignored from where they are damaged");
    }
}

static void load(room *r, kind which)
{
    lw_bytes record;
    uint8_t *memory = load_record(r, which, &record);
    if (memory == NULL) {
        return;
    }
    lw_reader in;
    lw_reader_init(&in, lw_bytes_from(record, HEADER));
    if (which == CONFIG) {
        read_config(r, &in);
    } else {
        read_state(r, &in);
    }
    lw_wipe(memory, record.len);
    lw_mem_release(&r->client->mem, memory);
}

/* ---- When -------------------------------------------------------------------------------------
 */

static lw_err told(const room *r, lw_err err)
{
    if (err != LW_OK) {
        lw_client_complain(r->client, "persist", NOT_STORED, err);
    }
    return err;
}

/* The configuration first: the state names it. */
static lw_err store_both(room *r)
{
    lw_err err = store(r, CONFIG);
    return told(r, err == LW_OK ? store(r, STATE) : err);
}

static void on_alarm(lw_coap *coap, lw_alarm *alarm)
{
    room *r = LW_CONTAINER(alarm, room, alarm);
    lw_client *client = coap->config.ctx;
    if (client->erased) {
        return;
    }
    if (lw_tree_is_holding(&client->tree)) { /* (6) */
        lw_alarm_set_in(client, alarm, SESSION);
    } else if (store_both(r) != LW_OK) {
        lw_alarm_set_in(client, alarm, RETRY);
    }
}

static bool is_due(const room *r)
{
    return lw_deadline_is_armed(&r->alarm.deadline);
}

static void store_soon(room *r)
{
    if (!is_due(r)) {
        lw_alarm_set_in(r->client, &r->alarm, 0);
    }
}

static void on_change(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    lw_place at;
    lw_tree_find(&client->tree, path, &at);
    if (client->started && (change != LW_TREE_VALUE || is_kept(&at))) {
        store_soon(state);
    }
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    (void)server;
    if (event != LW_SERVER_EV_OFFLINE && event != LW_SERVER_EV_ONLINE) {
        store_soon(state);
    }
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    room *r = state;
    switch (moment) {
    case LW_MOMENT_LOAD:
        r->digest[CONFIG] = digest_of_config(client); /* of the factory data: what is not stored */
        load(r, CONFIG);
        return LW_OK;
    case LW_MOMENT_RESUME:
        load(r, STATE);
        return LW_OK;
    case LW_MOMENT_COMMIT:
        return client->erased ? LW_ESTATE : told(r, store(r, CONFIG));
    case LW_MOMENT_CHANGED:
        store_soon(r);
        return LW_OK;
    case LW_MOMENT_STOP:
        return is_due(r) && !client->erased && !lw_tree_is_holding(&client->tree) ? store_both(r)
                                                                                  : LW_OK;
    default:
        return LW_OK;
    }
}

/* ---- The feature ------------------------------------------------------------------------------
 */

static size_t size(const lw_client_cfg *cfg)
{
    (void)cfg;
    return sizeof(room);
}

static lw_err init(lw_client *client, void *state)
{
    room *r = state;
    const lw_platform *platform = client->cfg.platform;
    r->client = client;
    lw_coap_timer_init(&r->alarm, on_alarm);
    return platform->store != NULL && platform->load != NULL ? LW_OK : LW_EINVAL;
}

const lw_client_feature lw_feature_persist = {
    .size = size,
    .init = init,
    .on_moment = on_moment,
    .on_change = on_change,
    .on_server = on_server,
};
