/* State over power loss, in two records of the platform.
 *
 *   "config"   what servers and the bootstrap configured: accounts, rights, the instances that
 *              servers made, resources that they may write; and when an account is purged
 *   "state"    registrations, and with them attributes, observations and what these store
 *
 * A record is  digest | kind and version | body:  the digest, FNV-1a of what follows it, four
 * octets, big endian.
 *
 *   config        entry*, entry of the root, octets of lw_feature_bootstrap
 *   entry         as in snapshot.c: a value, an empty list, or an instance, which its values follow
 *   state         digest of the config, and for each server what follows
 *   registration  'R', ssid 2, end 4 (s since 1970), lifetime 4, own address 4, message id 2,
 *                 version 1, what an Update has yet to tell 1, lw_location; then what the server
 *                 observes (observe_state.c)
 *
 * What always holds:
 *
 *   1. A power cut leaves the old or the new configuration: it is one record, and the platform
 *      writes a record as a whole or not at all.
 *   2. A state is only used together with the configuration that it was written with: it names its
 *      digest. Else the device registers anew, which repairs everything.
 *   3. A registration is only resumed when the wall clock says that its lifetime is not over, and
 *      with all that the server observes (CLI-72).
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

#define VERSION 7u
#define DIGEST  4u
#define RETRY   60u  /* s */
#define SESSION 1u   /* s */
#define MID_GAP 256u /* message ids that may have been used since the state was stored */

typedef enum kind { CONFIG, STATE } kind;
static const char *const names[] = {"config", "state"};
static const char module[] = "persist";

typedef struct room {
    lw_client *client;
    lw_alarm alarm;     /* stores what is due */
    uint32_t digest[2]; /* of what storage holds */
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
    lw_plug *plug = lw_client_part(client, LW_PART_BOOTSTRAP);
    if (plug != NULL) {
        plug->feature->as.bootstrap.save(plug->state, w);
    }
}

static void write_registration(const lw_server *s, lw_writer *w)
{
    const lw_client *client = s->client;
    lw_write_u8(w, 'R');
    lw_write_u16(w, s->ssid);
    lw_write_u32(w,
                 (uint32_t)(lw_client_clock(client) + (s->expires - client->now) / LW_SECOND_MS));
    lw_write_u32(w, s->lifetime);
    lw_write_u32(w, s->own_address);
    lw_write_u16(w, (uint16_t)(s->peer.next_mid + MID_GAP));
    lw_write_u8(w, s->version);
    lw_write_u8(w, (uint8_t)(s->update | (s->state == LW_SERVER_UPDATING ? s->telling : 0)));
    lw_write_octets(w, &s->location, sizeof s->location);
}

static void write_state(const room *r, lw_writer *w)
{
    lw_client *client = r->client;
    bool has_clock = lw_client_clock(client) >= 0;
    lw_write_u32(w, r->digest[CONFIG]);
    LW_EACH_SERVER (client, s) {
        if (has_clock && s->registered && client->now < s->expires) {
            write_registration(s, w);
            lw_observing_save(s, w);
        }
    }
}

static uint8_t tag_of(kind which)
{
    return (uint8_t)(VERSION << 1 | which);
}

static void write_body(const room *r, kind which, lw_writer *w)
{
    lw_write_u8(w, tag_of(which));
    if (which == CONFIG) {
        write_config(r->client, w);
    } else {
        write_state(r, w);
    }
}

/* What it would be: `pos` octets with that digest. */
static void measure(const room *r, kind which, lw_writer *w)
{
    lw_writer_init_window(w, NULL, 0, 0);
    write_body(r, which, w);
}

/* Writes the record unless storage holds it already. */
static lw_err store(room *r, kind which)
{
    lw_client *client = r->client;
    lw_writer w;
    measure(r, which, &w);
    uint32_t digest = w.digest;
    size_t len = DIGEST + w.pos;
    if (digest == r->digest[which]) {
        return LW_OK;
    }
    lw_err err = LW_ENOMEM;
    uint8_t *record = lw_mem_alloc(&client->pool->mem, len);
    if (record != NULL) {
        lw_writer_init(&w, record, len);
        lw_write_u32(&w, digest);
        write_body(r, which, &w);
        err = lw_act_store(client, names[which], lw_bytes_of(record, len));
        lw_wipe(record, len);
        lw_mem_release(&client->pool->mem, record);
    }
    if (err == LW_OK) {
        r->digest[which] = digest;
    } else {
        lw_client_complain(client, module, "not stored", err);
    }
    return err;
}

/* ---- Reading records --------------------------------------------------------------------------
 */

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
    return err == LW_OK ? lw_tree_start_kept(tree, instance) : err;
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
                                     : lw_tree_put(tree, &e->value, e->path);
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
    lw_entry e;
    remove_replaced(&client->tree);
    for (lw_entry_read(in, &e); lw_path_reaches(e.path, LW_LEVEL_OBJECT); lw_entry_read(in, &e)) {
        lw_err err = read_entry(&client->tree, &e);
        if (err != LW_OK) {
            lw_client_complain(client, module, "left out", err);
        }
    }
    lw_plug *plug = lw_client_part(client, LW_PART_BOOTSTRAP);
    if (plug != NULL) {
        plug->feature->as.bootstrap.restore(plug->state, in);
    }
}

/* A registration that is over ends now. */
static lw_server *read_registration(lw_client *client, lw_reader *in)
{
    lw_server *s = lw_client_server(client, lw_read_u16(in));
    if (s == NULL) {
        lw_reader_fail(in, LW_ENOTFOUND);
        return NULL;
    }
    uint32_t left = lw_read_u32(in) - (uint32_t)lw_client_clock(client);
    s->lifetime = lw_read_u32(in);
    s->own_address = lw_read_u32(in);
    s->peer.next_mid = lw_read_u16(in);
    s->version = lw_read_u8(in);
    s->update = lw_read_u8(in);
    lw_read_octets(in, &s->location, sizeof s->location);
    bool is_over = left > s->lifetime; /* also of a clock that went back */
    s->expires = lw_alarm_after(client, s->lifetime == 0 ? LW_FOREVER : is_over ? 0 : left);
    lw_server_resume_registration(s);
    return s;
}

/* (3): what is over, or of which not all could be read, was never there. */
static void forget_void(lw_client *client, bool all)
{
    LW_EACH_SERVER (client, s) {
        if (s->registered && (all || client->now >= s->expires)) {
            s->registered = s->had_success = false;
            s->version = client->cfg.version;
            lw_client_dispatch(s, LW_SERVER_EV_REMOVED);
        }
    }
}

static void read_state(room *r, lw_reader *in)
{
    lw_client *client = r->client;
    lw_server *server = NULL;
    lw_writer config;
    measure(r, CONFIG, &config);
    bool fits = lw_read_u32(in) == config.digest; /* (2) */
    while (fits && lw_client_clock(client) >= 0 && !lw_reader_at_end(in)) {
        uint8_t piece = lw_read_u8(in);
        if (piece == 'R') {
            server = read_registration(client, in);
        } else if (server != NULL) {
            lw_observing_restore(server, piece, in);
        }
    }
    forget_void(client, in->err != LW_OK);
}

static lw_err read_record(room *r, kind which, lw_bytes record)
{
    lw_reader in;
    lw_writer w;
    lw_reader_init(&in, record);
    lw_writer_init_window(&w, NULL, 0, 0);
    lw_write_bytes(&w, lw_bytes_from(record, DIGEST));
    if (lw_read_u32(&in) != w.digest || lw_read_u8(&in) != tag_of(which)) {
        return LW_EFORMAT; /* torn, or of another version */
    }
    r->digest[which] = w.digest;
    if (which == CONFIG) {
        read_config(r, &in);
    } else {
        read_state(r, &in);
    }
    return in.err;
}

static lw_err load(room *r, kind which)
{
    lw_client *client = r->client;
    size_t len = 0;
    uint8_t nowhere; /* a platform may copy no octets, but not to NULL */
    lw_err err = lw_act_load(client, names[which], &nowhere, 0, &len);
    if (err != LW_OK) {
        return err;
    }
    uint8_t *octets = lw_mem_alloc(&client->pool->mem, len);
    if (octets == NULL) {
        return LW_ENOMEM;
    }
    lw_bytes record = lw_bytes_of(octets, len);
    err = lw_act_load(client, names[which], octets, len, &len);
    if (err == LW_OK) {
        err = read_record(r, which, record);
    }
    lw_wipe(octets, record.len);
    lw_mem_release(&client->pool->mem, octets);
    return err;
}

static void restore(room *r, kind which)
{
    lw_err err = load(r, which);
    if (err != LW_OK && err != LW_ENOTFOUND) {
        lw_client_complain(r->client, module, "ignored", err);
    }
}

/* ---- When -------------------------------------------------------------------------------------
 */

/* The configuration first: the state names it. */
static void on_alarm(lw_coap *coap, lw_alarm *alarm)
{
    room *r = LW_CONTAINER(alarm, room, alarm);
    lw_client *client = coap->config.ctx;
    if (client->erased) {
        return;
    }
    if (lw_tree_is_holding(&client->tree)) { /* (6) */
        lw_alarm_set_in(client, alarm, SESSION);
    } else if (store(r, CONFIG) != LW_OK || store(r, STATE) != LW_OK) {
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
    lw_writer factory_data; /* are not stored */
    switch (moment) {
    case LW_MOMENT_LOAD:
        measure(r, CONFIG, &factory_data);
        r->digest[CONFIG] = factory_data.digest;
        restore(r, CONFIG);
        break;
    case LW_MOMENT_RESUME:
        restore(r, STATE);
        break;
    case LW_MOMENT_COMMIT:
        return client->erased ? LW_ESTATE : store(r, CONFIG);
    case LW_MOMENT_CHANGED:
        store_soon(r);
        break;
    case LW_MOMENT_STOP:
        if (is_due(r)) {
            on_alarm(&client->coap, &r->alarm);
        }
        break;
    default:
        break;
    }
    return LW_OK;
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
    r->alarm.fire = on_alarm;
    return platform->store != NULL && platform->load != NULL ? LW_OK : LW_EINVAL;
}

const lw_client_feature lw_feature_persist = {
    .size = size,
    .init = init,
    .on_moment = on_moment,
    .on_change = on_change,
    .on_server = on_server,
};
