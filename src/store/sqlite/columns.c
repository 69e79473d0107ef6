#include "store/sqlite/columns.h"

#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "store/row.h"
#include "store/sqlite/db.h"

/* These numbers are in the files of users: they may be added to, and never change. */
_Static_assert(LW_REQUEST_QUEUED == 0 && LW_REQUEST_SENT == 1 && LW_REQUEST_DONE == 2 &&
                   LW_REQUEST_FAILED == 3 && LW_REQUEST_EXPIRED == 4 && LW_REQUEST_CANCELED == 5 &&
                   LW_REQUEST_UNKNOWN == 6,
               "lw_request_state is part of the file format");
_Static_assert(LW_VALUE_NOTIFIED == 0 && LW_VALUE_SENT == 1 && LW_VALUE_READ == 2,
               "lw_value_source is part of the file format");
_Static_assert(LW_TYPE_NONE == 0 && LW_TYPE_STRING == 1 && LW_TYPE_INTEGER == 2 &&
                   LW_TYPE_UNSIGNED == 3 && LW_TYPE_FLOAT == 4 && LW_TYPE_BOOLEAN == 5 &&
                   LW_TYPE_OPAQUE == 6 && LW_TYPE_TIME == 7 && LW_TYPE_OBJLNK == 8 &&
                   LW_TYPE_CORELNK == 9,
               "lw_type is part of the file format");

/* ---- Writing ---- */

/* Binds one parameter after the other. */
typedef struct binder {
    sqlite3_stmt *s;
    int index;
} binder;

static void bind_int(binder *b, int64_t number)
{
    sqlite3_bind_int64(b->s, ++b->index, number);
}

static void bind_text(binder *b, lw_bytes text)
{
    lw_bind_text(b->s, ++b->index, text);
}

static void bind_octets(binder *b, lw_bytes octets)
{
    lw_bind_octets(b->s, ++b->index, octets);
}

static void bind_addr(binder *b, const lw_addr *addr)
{
    bind_octets(b, lw_bytes_of(addr->ip, sizeof addr->ip));
    bind_int(b, addr->scope);
    bind_int(b, addr->port);
}

void lw_bind_device(sqlite3_stmt *s, const lw_row_device *device)
{
    binder b = {s, 0};
    bind_text(&b, device->endpoint);
    bind_int(&b, (int64_t)device->number);
    bind_int(&b, device->created_at);
    bind_int(&b, device->seen_at);
    bind_int(&b, device->is_registered);
    bind_text(&b, device->location);
    bind_addr(&b, &device->hop.peer);
    bind_addr(&b, &device->hop.local);
    bind_int(&b, device->hop.socket);
    bind_int(&b, device->version);
    bind_int(&b, device->bindings);
    bind_int(&b, device->queue_mode);
    bind_int(&b, device->lifetime);
    bind_int(&b, device->registered_at);
    bind_int(&b, device->updated_at);
    bind_int(&b, device->expires_at);
    bind_text(&b, device->sms);
    bind_text(&b, device->profiles);
    bind_text(&b, device->links);
    bind_text(&b, device->unknown);
}

void lw_bind_wish(sqlite3_stmt *s, const lw_row_wish *wish)
{
    binder b = {s, 0};
    bind_text(&b, wish->endpoint);
    bind_text(&b, wish->target);
    bind_int(&b, wish->composite);
    bind_text(&b, wish->attributes);
    bind_int(&b, wish->format);
    bind_int(&b, wish->created_at);
}

int64_t lw_request_shard(uint64_t id)
{
    return (int64_t)(id >> 56);
}

int64_t lw_request_seq(uint64_t id)
{
    return (int64_t)(id & (((uint64_t)1 << 56) - 1));
}

void lw_bind_request(sqlite3_stmt *s, const lw_row_request *request)
{
    binder b = {s, 0};
    bind_int(&b, lw_request_shard(request->id));
    bind_int(&b, lw_request_seq(request->id));
    bind_text(&b, request->endpoint);
    bind_int(&b, request->op);
    bind_text(&b, request->path);
    bind_octets(&b, request->body);
    bind_text(&b, request->arguments);
    bind_int(&b, request->format);
    bind_int(&b, request->depth);
    bind_int(&b, request->force);
    bind_int(&b, request->timeout_ms);
    bind_int(&b, request->created_at);
    bind_int(&b, request->expires_at);
    bind_int(&b, request->state);
    bind_int(&b, request->code);
    bind_int(&b, request->err);
    bind_int(&b, request->answer_format);
    bind_octets(&b, request->answer);
    bind_int(&b, request->ended_at);
}

void lw_bind_document(sqlite3_stmt *s, lw_row_kind kind, const lw_row_document *document)
{
    lw_bind_text(s, 1, lw_bytes_str(lw_row_kind_name(kind)));
    lw_bind_text(s, 2, document->key);
    lw_bind_text(s, 3, document->text);
}

static size_t bind_typed(binder *b, const lw_value *value, uint8_t scratch[LW_VALUE_SCRATCH])
{
    size_t len;
    switch (value->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        bind_text(b, value->as.bytes);
        return value->as.bytes.len;
    case LW_TYPE_OPAQUE:
        bind_octets(b, value->as.bytes);
        return value->as.bytes.len;
    case LW_TYPE_OBJLNK:
        len = lw_objlnk_format(value->as.link, (char *)scratch);
        bind_text(b, lw_bytes_of(scratch, len));
        return len;
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
    case LW_TYPE_UNSIGNED:
        bind_int(b, value->as.integer); /* all 64 bits of either */
        return 0;
    case LW_TYPE_BOOLEAN:
        bind_int(b, value->as.boolean);
        return 0;
    case LW_TYPE_FLOAT:
        if (value->as.number != value->as.number) {
            lw_writer w;
            lw_writer_init(&w, scratch, LW_VALUE_SCRATCH);
            lw_write_u64(&w, value->as.uns); /* its bits, the highest octet first */
            bind_octets(b, lw_writer_bytes(&w));
            return w.pos;
        }
        sqlite3_bind_double(b->s, ++b->index, value->as.number);
        return 0;
    default:
        sqlite3_bind_null(b->s, ++b->index);
        return 0;
    }
}

_Static_assert(LW_VALUE_SCRATCH >= LW_OBJLNK_TEXT_MAX && LW_VALUE_SCRATCH >= sizeof(uint64_t),
               "what a value needs while it is bound");

size_t lw_bind_value(sqlite3_stmt *s, const lw_row_value *value, uint8_t scratch[LW_VALUE_SCRATCH])
{
    binder b = {s, 1};
    bind_int(&b, value->at);
    bind_int(&b, value->received_at);
    bind_int(&b, value->source);
    bind_int(&b, value->value.type);
    bind_int(&b, value->value.single);
    return bind_typed(&b, &value->value, scratch);
}

/* ---- Reading ---- */

/* Reads one column after the other. The first that does not fit sets err. */
typedef struct columns {
    sqlite3_stmt *s;
    int index;
    lw_err err;
} columns;

static int64_t read_int(columns *c)
{
    if (sqlite3_column_type(c->s, ++c->index) != SQLITE_INTEGER) {
        c->err = LW_EFORMAT;
    }
    return sqlite3_column_int64(c->s, c->index);
}

static uint64_t read_upto(columns *c, uint64_t largest)
{
    int64_t number = read_int(c);
    if (number < 0 || (uint64_t)number > largest) {
        c->err = LW_EFORMAT;
        return 0;
    }
    return (uint64_t)number;
}

static uint8_t read_u8(columns *c)
{
    return (uint8_t)read_upto(c, UINT8_MAX);
}

static uint16_t read_u16(columns *c)
{
    return (uint16_t)read_upto(c, UINT16_MAX);
}

static uint32_t read_u32(columns *c)
{
    return (uint32_t)read_upto(c, UINT32_MAX);
}

static bool read_bool(columns *c)
{
    return read_upto(c, 1) != 0;
}

static lw_bytes read_octets(columns *c)
{
    return lw_column_octets(c->s, ++c->index);
}

static lw_bytes read_key(columns *c)
{
    lw_bytes text = read_octets(c);
    if (text.len == 0) {
        c->err = LW_EFORMAT;
    }
    return text;
}

static lw_addr read_addr(columns *c)
{
    lw_addr addr = {.port = 0};
    lw_bytes ip = read_octets(c);
    if (ip.len == sizeof addr.ip) {
        memcpy(addr.ip, ip.ptr, ip.len);
    } else {
        c->err = LW_EFORMAT;
    }
    addr.scope = read_u32(c);
    addr.port = read_u16(c);
    return addr;
}

lw_err lw_read_device(sqlite3_stmt *s, lw_row *out)
{
    columns c = {s, -1, LW_OK};
    *out = (lw_row){.kind = LW_ROW_DEVICE};
    lw_row_device *d = &out->as.device;
    d->endpoint = read_key(&c);
    d->number = (uint64_t)read_int(&c);
    d->created_at = read_int(&c);
    d->seen_at = read_int(&c);
    d->is_registered = read_bool(&c);
    d->location = read_octets(&c);
    d->hop.peer = read_addr(&c);
    d->hop.local = read_addr(&c);
    d->hop.socket = read_u8(&c);
    d->version = read_u8(&c);
    d->bindings = read_u8(&c);
    d->queue_mode = read_bool(&c);
    d->lifetime = read_u32(&c);
    d->registered_at = read_int(&c);
    d->updated_at = read_int(&c);
    d->expires_at = read_int(&c);
    d->sms = read_octets(&c);
    d->profiles = read_octets(&c);
    d->links = read_octets(&c);
    d->unknown = read_octets(&c);
    return c.err;
}

lw_err lw_read_wish(sqlite3_stmt *s, lw_row *out)
{
    columns c = {s, -1, LW_OK};
    *out = (lw_row){.kind = LW_ROW_WISH};
    lw_row_wish *w = &out->as.wish;
    w->endpoint = read_key(&c);
    w->target = read_key(&c);
    w->composite = read_bool(&c);
    w->attributes = read_octets(&c);
    w->format = read_u16(&c);
    w->created_at = read_int(&c);
    return c.err;
}

static int8_t read_err(columns *c)
{
    int64_t number = read_int(c);
    if (number < INT8_MIN || number > INT8_MAX) {
        c->err = LW_EFORMAT;
        return 0;
    }
    return (int8_t)number;
}

lw_err lw_read_request(sqlite3_stmt *s, lw_row *out)
{
    columns c = {s, -1, LW_OK};
    *out = (lw_row){.kind = LW_ROW_REQUEST};
    lw_row_request *r = &out->as.request;
    uint64_t shard = read_u8(&c);
    r->id = shard << 56 | read_upto(&c, ((uint64_t)1 << 56) - 1);
    r->endpoint = read_key(&c);
    r->op = read_u8(&c);
    r->path = read_octets(&c);
    r->body = read_octets(&c);
    r->arguments = read_octets(&c);
    r->format = read_u16(&c);
    r->depth = read_u8(&c);
    r->force = read_bool(&c);
    r->timeout_ms = read_u32(&c);
    r->created_at = read_int(&c);
    r->expires_at = read_int(&c);
    r->state = (uint8_t)read_upto(&c, LW_REQUEST_UNKNOWN);
    r->code = read_u8(&c);
    r->err = read_err(&c);
    r->answer_format = read_u16(&c);
    r->answer = read_octets(&c);
    r->ended_at = read_int(&c);
    return c.err;
}

lw_err lw_read_document(sqlite3_stmt *s, lw_row_kind kind, lw_row *out)
{
    columns c = {s, -1, LW_OK};
    *out = (lw_row){.kind = (uint8_t)kind};
    out->as.document.key = read_key(&c);
    out->as.document.text = read_octets(&c);
    return c.err;
}

static void read_float(columns *c, lw_value *out)
{
    int type = sqlite3_column_type(c->s, ++c->index);
    if (type == SQLITE_FLOAT) {
        out->as.number = sqlite3_column_double(c->s, c->index);
        return;
    }
    lw_reader r;
    lw_reader_init(&r, lw_column_octets(c->s, c->index));
    out->as.uns = lw_read_u64(&r);
    if (type != SQLITE_BLOB || r.err != LW_OK || lw_reader_left(&r) > 0) {
        c->err = LW_EFORMAT;
    }
}

static void read_typed(columns *c, lw_value *out)
{
    switch (out->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
    case LW_TYPE_OPAQUE:
        out->as.bytes = read_octets(c);
        break;
    case LW_TYPE_OBJLNK:
        if (lw_objlnk_parse(read_octets(c), &out->as.link) != LW_OK) {
            c->err = LW_EFORMAT;
        }
        break;
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
    case LW_TYPE_UNSIGNED:
        out->as.integer = read_int(c);
        break;
    case LW_TYPE_BOOLEAN:
        out->as.boolean = read_bool(c);
        break;
    case LW_TYPE_FLOAT:
        read_float(c, out);
        break;
    default:
        break;
    }
}

lw_err lw_read_value(sqlite3_stmt *s, lw_row *out)
{
    columns c = {s, 0, LW_OK}; /* after the number of the row */
    *out = (lw_row){.kind = LW_ROW_VALUE};
    lw_row_value *v = &out->as.value;
    v->at = read_int(&c);
    v->received_at = read_int(&c);
    v->source = (uint8_t)read_upto(&c, LW_VALUE_READ);
    v->value.type = (uint8_t)read_upto(&c, LW_TYPE_CORELNK);
    v->value.single = read_bool(&c);
    read_typed(&c, &v->value);
    return c.err;
}
