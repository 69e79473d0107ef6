/* State over power loss, in two records of the platform.
 *
 *   "config"   what servers and the bootstrap configured: accounts, rights, the instances that
 *              servers made, resources that they may write; and what features keep with it
 *   "state"    registrations, and what features keep with them: attributes, observations, …
 *
 * A record is  'L' 'W' kind version | digest | body:  the kind is 'c' or 's', the digest FNV-1a of
 * the body, four octets, big endian as everything in it.
 *
 *   config     { 'I' object instance value* 65535 }*  { 'F' name save }*
 *   value      resource, resource instance (65535: none), head, octets
 *   head       type * 16 + number of octets; strings and opaques have their length behind it; type
 *              0 is a multiple resource without instances
 *   state      digest of the config body, { 'R' registration }*, { 'F' name save }*
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
#include "lw/objects.h"
#include "model/access.h"
#include "model/field.h"

#define VERSION    2
#define HEADER     8u
#define RETRY_MS   (60 * LW_SECOND_MS)
#define SESSION_MS (1 * LW_SECOND_MS)
#define MID_GAP    256u /* message ids that may have been used since the state was stored */
#define INFINITE   UINT64_MAX

typedef struct room {
    lw_client *client;
    lw_alarm alarm;  /* stores what is due */
    uint32_t config; /* digest of what storage holds */
    uint32_t state;  /* likewise */
    bool config_due, state_due;
} room;

/* ---- What is kept -----------------------------------------------------------------------------
 */

/* Objects whose instances come from servers and bootstrap; of others only what servers write. */
static bool is_replaced(const lw_object *object)
{
    uint16_t id = object->def->id;
    return id == LW_OBJ_SERVER || id == LW_OBJ_ACCESS_CONTROL || lw_access_is_bootstrap_only(id) ||
           (object->hooks != NULL && object->hooks->create != NULL);
}

static bool is_kept(const lw_tree *tree, lw_path resource)
{
    const lw_object *object = lw_tree_object(tree, lw_path_id(resource, LW_LEVEL_OBJECT));
    const lw_field *field = lw_object_field(object, lw_path_id(resource, LW_LEVEL_RESOURCE));
    const lw_resource_def *def =
        lw_object_def_resource(object->def, lw_path_id(resource, LW_LEVEL_RESOURCE));
    return field != NULL && lw_field_is_stored(field) &&
           (is_replaced(object) || (def->ops & LW_OP_W) != 0);
}

/* ---- Values -----------------------------------------------------------------------------------
 */

static bool is_octets(unsigned type)
{
    return type == LW_TYPE_STRING || type == LW_TYPE_OPAQUE || type == LW_TYPE_CORELNK;
}

static uint64_t bits_of(lw_value value)
{
    uint64_t bits = 0;
    switch (value.type) {
    case LW_TYPE_BOOLEAN:
        return value.as.boolean;
    case LW_TYPE_OBJLNK:
        return (uint64_t)value.as.link.object << 16 | value.as.link.instance;
    case LW_TYPE_FLOAT:
        memcpy(&bits, &value.as.number, sizeof bits);
        return bits;
    default:
        return value.as.uns; /* INTEGER and TIME have the same bits there */
    }
}

static lw_value value_of(unsigned type, uint64_t bits)
{
    lw_value value = {.type = (uint8_t)type};
    switch (type) {
    case LW_TYPE_BOOLEAN:
        value.as.boolean = bits != 0;
        break;
    case LW_TYPE_OBJLNK:
        value.as.link = (lw_objlnk){(uint16_t)(bits >> 16), (uint16_t)bits};
        break;
    case LW_TYPE_FLOAT:
        memcpy(&value.as.number, &bits, sizeof bits);
        break;
    default:
        value.as.uns = bits;
        break;
    }
    return value;
}

static void write_value(lw_writer *w, lw_path path, const lw_value *value)
{
    lw_write_u16(w, lw_path_id(path, LW_LEVEL_RESOURCE));
    lw_write_u16(w, lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
    if (is_octets(value->type)) {
        lw_write_u8(w, (uint8_t)(value->type << 4));
        lw_write_u16(w, (uint16_t)value->as.bytes.len);
        lw_write_bytes(w, value->as.bytes);
        return;
    }
    uint64_t bits = value->type != LW_TYPE_NONE ? bits_of(*value) : 0;
    unsigned octets = 0;
    while (octets < 8 && bits >> (8 * octets) != 0) {
        octets++;
    }
    lw_write_u8(w, (uint8_t)((unsigned)value->type << 4 | octets));
    lw_write_uint(w, bits, octets);
}

/* ---- Writing records --------------------------------------------------------------------------
 */

static void write_instance(lw_tree *tree, lw_path instance, lw_writer *w)
{
    lw_write_u8(w, 'I');
    lw_write_u16(w, lw_path_id(instance, LW_LEVEL_OBJECT));
    lw_write_u16(w, lw_path_id(instance, LW_LEVEL_INSTANCE));
    lw_path at = instance;
    while (lw_tree_walk(tree, instance, LW_LEVEL_RESOURCE_INSTANCE, at, &at) == LW_OK) {
        lw_value value = lw_value_none();
        const lw_resource_def *def = lw_tree_resource_def(tree, at);
        bool is_list =
            lw_path_depth(at) == LW_LEVEL_RESOURCE && (def->flags & LW_DEF_MULTIPLE) != 0;
        if (is_kept(tree, at) &&
            (is_list ? lw_tree_count(tree, at) == 0 : lw_tree_get(tree, at, &value) == LW_OK)) {
            write_value(w, at, &value);
        }
    }
    lw_write_u16(w, LW_ID_MAX);
}

/* What `save` writes, if anything, under a name. */
static void write_saved(room *r, const char *name,
                        lw_err (*save)(void *state, lw_client *client, lw_writer *out), void *state,
                        lw_writer *w)
{
    lw_writer length;
    lw_writer_init_window(&length, NULL, 0, 0);
    if (save(state, r->client, &length) != LW_OK) {
        return;
    }
    lw_bytes text = lw_bytes_str(name);
    lw_write_u8(w, 'F');
    lw_write_u8(w, (uint8_t)text.len);
    lw_write_bytes(w, text);
    lw_write_u16(w, (uint16_t)length.pos);
    lw_err err = save(state, r->client, w);
    if (err != LW_OK || length.pos > UINT16_MAX) {
        lw_writer_fail(w, err != LW_OK ? err : LW_ETOOBIG);
    }
}

static void write_features(room *r, bool durable, lw_writer *w)
{
    lw_client *client = r->client;
    for (size_t i = 0; client->cfg.features[i] != NULL; i++) {
        const lw_client_feature *f = client->cfg.features[i];
        if (f->save != NULL && f->durable == durable) {
            write_saved(r, f->name, f->save, client->feature_state[i], w);
        }
    }
}

static void write_config(room *r, lw_writer *w)
{
    lw_tree *tree = &r->client->tree;
    lw_path at = lw_path_root();
    while (lw_tree_next(tree, lw_path_root(), LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        write_instance(tree, at, w);
    }
    write_features(r, true, w);
}

static uint32_t digest_of_config(room *r)
{
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    write_config(r, &w);
    return w.digest;
}

static void write_registration(const lw_server *s, int64_t clock, lw_writer *w)
{
    int64_t left = (s->expires - s->client->now) / LW_SECOND_MS;
    lw_write_u8(w, 'R');
    lw_write_u16(w, s->ssid);
    lw_write_u8(w, s->version);
    lw_write_u32(w, s->lifetime);
    lw_write_u64(w, s->expires == LW_TIME_NEVER ? INFINITE : (uint64_t)(clock + left));
    lw_write_u16(w, (uint16_t)(s->peer.next_mid + MID_GAP));
    lw_write_u32(w, s->own_address);
    lw_write_u8(w, s->location.len);
    lw_write_bytes(w, lw_bytes_of(s->location.octets, s->location.len));
}

static void write_state(room *r, lw_writer *w)
{
    int64_t clock = lw_client_clock(r->client);
    bool any = false;
    lw_write_u32(w, digest_of_config(r));
    for (unsigned i = 0; clock >= 0 && i < r->client->cfg.servers_max; i++) {
        const lw_server *s = &r->client->servers[i];
        if (s->registered && s->client->now < s->expires) {
            any = true;
            write_registration(s, clock, w);
        }
    }
    if (any) {
        write_features(r, false, w);
        write_saved(r, lw_feature_observe.name, lw_observing_save, NULL, w);
    }
}

/* Writes the record unless storage holds it already; *digest tells what storage holds. */
static lw_err store(room *r, char kind, void (*write)(room *r, lw_writer *w), uint32_t *digest)
{
    lw_client *client = r->client;
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    write(r, &w);
    if (w.err != LW_OK || w.digest == *digest) {
        return w.err;
    }
    uint32_t body = w.digest;
    size_t len = HEADER + w.pos;
    uint8_t *record = lw_mem_alloc(&client->mem, len);
    if (record == NULL) {
        return LW_ENOMEM;
    }
    lw_writer_init(&w, record, len);
    lw_write_str(&w, "LW");
    lw_write_u8(&w, (uint8_t)kind);
    lw_write_u8(&w, VERSION);
    lw_write_u32(&w, body);
    write(r, &w);
    lw_err err = w.err == LW_OK
                     ? lw_act_store(client, kind == 'c' ? "config" : "state", lw_writer_bytes(&w))
                     : w.err;
    *digest = err == LW_OK ? body : *digest;
    lw_wipe(record, len);
    lw_mem_release(&client->mem, record);
    return err;
}

/* ---- Reading records --------------------------------------------------------------------------
 */

static void say(const room *r, const char *text)
{
    lw_log_line(&r->client->log, LW_LOG_WARN, "persist", lw_bytes_str(text));
}

static bool is_sound(lw_bytes record, char kind)
{
    lw_reader r;
    lw_reader_init(&r, record);
    lw_bytes head = lw_read_bytes(&r, 4);
    uint32_t digest = lw_read_u32(&r);
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    lw_write_bytes(&w, lw_read_rest(&r));
    return r.err == LW_OK && head.ptr[0] == 'L' && head.ptr[1] == 'W' &&
           head.ptr[2] == (uint8_t)kind && head.ptr[3] == VERSION && w.digest == digest;
}

/* The whole record, in memory of the client; NULL when there is none that is sound. */
static uint8_t *load_record(room *r, char kind, lw_bytes *out)
{
    lw_client *client = r->client;
    const char *name = kind == 'c' ? "config" : "state";
    size_t len = 0;
    uint8_t nowhere; /* a platform may copy no octets, but not to NULL */
    lw_err err = lw_act_load(client, name, &nowhere, 0, &len);
    if (err != LW_OK || len < HEADER) {
        if (err != LW_ENOTFOUND) {
            say(r, err != LW_OK ? lw_err_text(err) : "a record that is too short is ignored");
        }
        return NULL;
    }
    size_t room_for = len;
    uint8_t *record = lw_mem_alloc(&client->mem, room_for);
    err = record != NULL ? lw_act_load(client, name, record, room_for, &len) : LW_ENOMEM;
    *out = lw_bytes_of(record, room_for);
    if (err == LW_OK && len == room_for && is_sound(*out, kind)) {
        return record;
    }
    say(r, err == LW_ENOMEM ? "no memory for a record"
                            : "a record that is torn or of another version is ignored");
    lw_mem_release(&client->mem, record);
    return NULL;
}

static lw_value read_value(lw_reader *in)
{
    unsigned head = lw_read_u8(in);
    unsigned type = head >> 4;
    if (is_octets(type)) {
        return lw_value_bytes((lw_type)type, lw_read_bytes(in, lw_read_u16(in)));
    }
    return value_of(type, lw_read_uint(in, head & 15u));
}

static void set_value(room *r, lw_path instance, uint16_t resource, uint16_t ri, lw_value value)
{
    lw_tree *tree = &r->client->tree;
    lw_path path = lw_path_child(instance, resource);
    lw_err err = LW_OK;
    if (!lw_tree_exists(tree, instance)) {
        return; /* of an instance that this firmware does not have */
    }
    if (value.type == LW_TYPE_NONE) {
        err = lw_tree_empty(tree, path);
    } else {
        err = lw_tree_set(tree, ri == LW_ID_MAX ? path : lw_path_child(path, ri), value);
    }
    if (err != LW_OK) {
        say(r, "a value that does not fit any more is left out");
    }
}

/* Absent, or empty where it must be there: not what the defaults say. */
static lw_err strip(lw_tree *tree, const lw_field *field, lw_path resource)
{
    lw_err err = lw_field_is_stored(field) ? lw_tree_unset(tree, resource) : LW_OK;
    bool is_list = field->count > 0;
    return err == LW_EMETHOD && is_list ? lw_tree_empty(tree, resource) : LW_OK;
}

/* An instance that comes from the record. */
static void make_instance(room *r, lw_path instance)
{
    const lw_object *object =
        lw_tree_object(&r->client->tree, lw_path_id(instance, LW_LEVEL_OBJECT));
    lw_path at;
    if (object == NULL || !is_replaced(object)) {
        return;
    }
    lw_err err = lw_tree_add(&r->client->tree, lw_path_id(instance, LW_LEVEL_OBJECT),
                             lw_path_id(instance, LW_LEVEL_INSTANCE), &at);
    for (unsigned i = 0; i < object->field_count && err == LW_OK; i++) {
        const lw_field *f = &object->fields[i];
        err = strip(&r->client->tree, f, lw_path_child(instance, f->id));
    }
    if (err != LW_OK) {
        say(r, "there is no room for an instance any more");
    }
}

static void read_instance(room *r, lw_reader *in)
{
    uint16_t object = lw_read_u16(in);
    lw_path instance = lw_path_instance(object, lw_read_u16(in));
    make_instance(r, instance);
    for (uint16_t id = lw_read_u16(in); id != LW_ID_MAX && in->err == LW_OK; id = lw_read_u16(in)) {
        uint16_t ri = lw_read_u16(in);
        lw_value value = read_value(in);
        if (in->err == LW_OK) {
            set_value(r, instance, id, ri, value);
        }
    }
}

static void read_feature(room *r, lw_reader *in)
{
    lw_client *client = r->client;
    lw_bytes name = lw_read_bytes(in, lw_read_u8(in));
    lw_bytes saved = lw_read_bytes(in, lw_read_u16(in));
    if (lw_bytes_is(name, lw_feature_observe.name) &&
        lw_observing_restore(NULL, client, saved) != LW_OK) {
        say(r, "observations are ignored from where they are damaged");
    }
    for (size_t i = 0; in->err == LW_OK && client->cfg.features[i] != NULL; i++) {
        const lw_client_feature *f = client->cfg.features[i];
        if (lw_bytes_is(name, f->name) && f->restore != NULL &&
            f->restore(client->feature_state[i], client, saved) != LW_OK) {
            say(r, "what a feature saved is ignored");
        }
    }
}

static void remove_replaced(lw_tree *tree)
{
    lw_path at = lw_path_root();
    while (lw_tree_next(tree, lw_path_root(), LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        if (is_replaced(lw_tree_object(tree, lw_path_id(at, LW_LEVEL_OBJECT))) &&
            lw_tree_remove(tree, at) != LW_OK) {
            return; /* cannot be: outside of a transaction it takes no memory */
        }
    }
}

static void load(room *r)
{
    lw_client *client = r->client;
    lw_bytes record;
    r->config = digest_of_config(r); /* of the factory data: what is not stored */
    uint8_t *memory = load_record(r, 'c', &record);
    if (memory == NULL) {
        return;
    }
    lw_reader in;
    lw_reader_init(&in, lw_bytes_from(record, HEADER));
    remove_replaced(&client->tree);
    while (!lw_reader_at_end(&in)) {
        if (lw_read_u8(&in) == 'I') {
            read_instance(r, &in);
        } else {
            read_feature(r, &in);
        }
    }
    lw_reader_init(&in, lw_bytes_from(record, 4));
    r->config = lw_read_u32(&in);
    lw_wipe(memory, record.len);
    lw_mem_release(&client->mem, memory);
}

/* True when the registration is resumed. */
static bool read_registration(room *r, lw_reader *in)
{
    lw_server_memory memory = {0};
    lw_server *server = lw_client_server(r->client, lw_read_u16(in));
    memory.version = lw_read_u8(in);
    memory.lifetime = lw_read_u32(in);
    uint64_t end = lw_read_u64(in);
    memory.next_mid = lw_read_u16(in);
    memory.own_address = lw_read_u32(in);
    lw_bytes location = lw_read_bytes(in, lw_read_u8(in));
    int64_t left = (int64_t)end - lw_client_clock(r->client);
    bool is_live = end == INFINITE || (left > 0 && left <= (int64_t)memory.lifetime);
    if (in->err != LW_OK || server == NULL || !is_live || lw_client_clock(r->client) < 0 ||
        location.len > LW_LOCATION_MAX) {
        return false;
    }
    memory.expires =
        end == INFINITE ? LW_TIME_NEVER : lw_time_add(r->client->now, left * LW_SECOND_MS);
    memory.location.len = (uint8_t)location.len;
    memcpy(memory.location.octets, location.ptr, location.len);
    lw_server_remember(server, &memory);
    return true;
}

static void resume(room *r)
{
    lw_client *client = r->client;
    lw_bytes record;
    uint8_t *memory = load_record(r, 's', &record);
    if (memory == NULL) {
        return;
    }
    lw_reader in;
    lw_reader_init(&in, lw_bytes_from(record, HEADER));
    bool fits = lw_read_u32(&in) == digest_of_config(r); /* (2) */
    bool any = false;
    while (fits && !lw_reader_at_end(&in)) {
        if (lw_read_u8(&in) == 'R') {
            any = read_registration(r, &in) || any;
        } else if (any) {
            read_feature(r, &in);
        } else {
            break;
        }
    }
    lw_reader_init(&in, lw_bytes_from(record, 4));
    r->state = lw_read_u32(&in);
    lw_mem_release(&client->mem, memory);
}

/* ---- When -------------------------------------------------------------------------------------
 */

static lw_err store_both(room *r)
{
    lw_err err = r->config_due ? store(r, 'c', write_config, &r->config) : LW_OK;
    if (err == LW_OK) {
        r->config_due = false;
        err = r->state_due ? store(r, 's', write_state, &r->state) : LW_OK;
        r->state_due = r->state_due && err != LW_OK;
    }
    return err;
}

static void on_alarm(lw_client *client, lw_alarm *alarm)
{
    room *r = LW_CONTAINER(alarm, room, alarm);
    if (client->erased) {
        return;
    }
    if (lw_tree_is_holding(&client->tree)) { /* (6) */
        lw_alarm_set(client, alarm, lw_time_add(client->now, SESSION_MS));
        return;
    }
    lw_err err = store_both(r);
    if (err != LW_OK) {
        say(r, lw_err_text(err));
        lw_alarm_set(client, alarm, lw_time_add(client->now, RETRY_MS));
    }
}

static void store_soon(room *r)
{
    r->state_due = true; /* also after a change of the configuration: it names it */
    if (!lw_deadline_is_armed(&r->alarm.deadline)) {
        lw_alarm_set(r->client, &r->alarm, r->client->now);
    }
}

static void on_change(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    room *r = state;
    bool is_relevant = change != LW_TREE_VALUE || is_kept(&client->tree, path);
    if (client->started && is_relevant) {
        r->config_due = true;
        store_soon(r);
    }
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    (void)server;
    if (event != LW_SERVER_EV_OFFLINE && event != LW_SERVER_EV_ONLINE) {
        store_soon(state);
    }
}

static void save_soon(room *r)
{
    r->config_due = true; /* of whom is not said; what is the same is not written */
    store_soon(r);
}

static lw_err commit(room *r)
{
    if (r->client->erased) {
        return LW_ESTATE;
    }
    lw_err err = store(r, 'c', write_config, &r->config);
    if (err != LW_OK) {
        say(r, lw_err_text(err));
    }
    return err;
}

static void stop(room *r)
{
    lw_client *client = r->client;
    if (!client->erased && !lw_tree_is_holding(&client->tree) && store_both(r) != LW_OK) {
        say(r, "what changed last is not stored");
    }
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    (void)client;
    switch (moment) {
    case LW_MOMENT_LOAD:
        load(state);
        return LW_OK;
    case LW_MOMENT_RESUME:
        resume(state);
        return LW_OK;
    case LW_MOMENT_COMMIT:
        return commit(state);
    case LW_MOMENT_CHANGED:
        save_soon(state);
        return LW_OK;
    case LW_MOMENT_STOP:
        stop(state);
        return LW_OK;
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
    lw_alarm_init(&r->alarm, on_alarm);
    return platform->store != NULL && platform->load != NULL ? LW_OK : LW_EINVAL;
}

const lw_client_feature lw_feature_persist = {
    .name = "persist",
    .size = size,
    .init = init,
    .on_moment = on_moment,
    .on_change = on_change,
    .on_server = on_server,
};
